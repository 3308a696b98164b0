# Sourced after cluster.sh: what "make volumes-allow", "make volumes-forbid" and "make clean" do in one project.

# What lets the backup copy volumes: that of this installation, and that of any.
ANY_VOLUMES='app.kubernetes.io/name=openshift-backup,app.kubernetes.io/component=volumes'
VOLUMES="$ANY_VOLUMES,app.kubernetes.io/instance=$NAME"
BACKUPER_PODS='app.kubernetes.io/name=backuper,app.kubernetes.io/managed-by=openshift-backup'
OPT_IN='openshift-backup.io/volumes'
RECORDS='openshift-backup.io/record=true'

# choose_project TARGET: the one that was asked for
choose_project() {
  [ -n "$PROJECT" ] || fail 2 "which project? make $1 PROJECT=shop"
  is_label "$PROJECT" 63 || wrong PROJECT "$PROJECT" 'the name of one project'
  case $PROJECT in
    # Who may make pods there has the cluster.
    default | openshift | openshift-* | kube-*) wrong PROJECT "$PROJECT" "a project of its own, not one of the cluster's" ;;
  esac
}

# yes_or_no SETTING VALUE
yes_or_no() {
  case $2 in yes | no) ;; *) wrong "$1" "$2" 'yes or no' ;; esac
}

find_project() {
  seen=$(k get namespace "$PROJECT" --output='jsonpath={.status.phase}' 2>&1) || case $seen in
    *NotFound* | *'not found'*) fail 4 "there is no project $PROJECT" ;;
    *) fail 4 "the project $PROJECT can't be looked at: $(last_line "$seen")" ;;
  esac
  [ "$seen" != Terminating ] || fail 4 "the project $PROJECT is being deleted: wait for its end"
}

# refuse_foreign KIND NAME [PROJECT]: an object that has our name and somebody else's labels
refuse_foreign() {
  found=$(k get "$1" "$2" ${3:+"--namespace=$3"} --ignore-not-found \
    --output='jsonpath={.metadata.name} {.metadata.labels.app\.kubernetes\.io/name}' 2>/dev/null) || found=''
  case $found in
    '' | "$2 openshift-backup") ;;
    *) fail 5 "there is a $1 $2${3:+ in the project $3} that is somebody else's: it has to have another name" ;;
  esac
}

# unended_records PROJECT: one name a line; what they say may hold line breaks
unended_records() {
  text='{range .items[*]}{"\nrecord "}{.metadata.name}{"\n"}{.data.record\.json}{end}'
  k get configmaps --namespace="$1" --selector="$RECORDS" --output="jsonpath=$text" 2>/dev/null |
    awk '
      function flush() { if (text != "" && text !~ /"endedAt" *:/) print name }
      /^record / { flush(); name = $2; text = ""; next }
      { text = text $0 }
      END { flush() }
    '
}

# refuse_running PROJECT: whoever has no rights any more can't end a copy, nor wake the application that it holds still
refuse_running() {
  pods=$(k get pods --namespace="$1" --selector="$BACKUPER_PODS" --output='jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' \
    --field-selector=status.phase!=Succeeded,status.phase!=Failed) || fail 4 "whether copies run in the project $1 can't be seen"
  running=$(project_list "$pods $(unended_records "$1")" | awk '{ printf "%s%s", comma, $0; comma = ", " }')
  [ -n "$running" ] && [ "$FORCE" != yes ] || return 0
  fail 5 "copies have not ended in the project $1 ($running): wait for them (openshift-backup volumes status -n $1), or set FORCE=yes; nothing has been changed"
}

# forbid_project PROJECT: takes back what volumes-allow has given there; claims and copies stay
forbid_project() {
  k delete rolebindings --namespace="$1" --selector="$VOLUMES" --ignore-not-found >"$FILES/deleted" ||
    fail 4 "the rights in the project $1 can't be taken back: it takes somebody who administers it"
  sed "s|^|$1: |" "$FILES/deleted"
  if [ -n "$(k get rolebindings --namespace="$1" --selector="$ANY_VOLUMES" --output=name)" ]; then
    say "$1: another backup may copy volumes there: ServiceAccount backuper, its network policy and the label stay"
    return 0
  fi
  # The pods first: the policy holds for them.
  for found in "pods $BACKUPER_PODS" "networkpolicies $ANY_VOLUMES" "serviceaccounts $ANY_VOLUMES"; do
    k delete "${found%% *}" --namespace="$1" --selector="${found#* }" --ignore-not-found --timeout=120s >"$FILES/deleted" ||
      fail 4 "not all ${found%% *} of the backup are gone from the project $1: try again"
    sed -e '/^No resources found/d' -e "s|^|$1: |" "$FILES/deleted"
  done
  if [ -n "$(k get namespace "$1" --output='jsonpath={.metadata.labels.openshift-backup\.io/volumes}' 2>/dev/null)" ]; then
    # It gives no right.
    k label namespace "$1" "$OPT_IN-" || say "$1: the label $OPT_IN stays: it takes somebody who may change namespaces" >&2
  fi
  for record in $(unended_records "$1"); do
    say "$1: a copy did not end; see what it has stopped: $CLIENT -n $1 get configmap $record --output=yaml"
  done
}

# volume_projects: those in which this backup may copy volumes, one a line
volume_projects() {
  where='{range .items[*]}{.metadata.namespace}{"\n"}{end}'
  names=$(k get rolebindings --all-namespaces --selector="$VOLUMES" --output="jsonpath=$where" 2>/dev/null) || {
    # Who may not see all of them has an installation for some projects.
    names=''
    for project in $(project_list "$(field configmap "$NAME" '{.data.OPENSHIFT_BACKUP_NAMESPACES}')"); do
      names="$names $(k get rolebindings --namespace="$project" --selector="$VOLUMES" --output="jsonpath=$where" 2>/dev/null)" || :
    done
  }
  project_list "$names"
}
