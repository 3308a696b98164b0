# Sourced: changes the cluster.

# choose_image: the one that was asked for, else the one that was built on the cluster, else the default
choose_image() {
  [ -z "$IMAGE" ] || return 0
  if [ "$NAMESPACE_STATE" != missing ] && serves image.openshift.io; then
    # By its digest: a node would keep the old one of the same tag.
    IMAGE=$(field imagestream "$NAME" '{.status.tags[?(@.tag=="latest")].items[0].dockerImageReference}')
  fi
  IMAGE=${IMAGE:-openshift-backup:latest}
}

what_is_read() {
  secrets='with Secrets'
  [ "$WITH_SECRETS" = yes ] || secrets='without Secrets'
  if [ "$MODE" = cluster ]; then
    say "the whole cluster $secrets"
  else
    say "$secrets, the projects $(project_list "$PROJECTS" | awk '{ printf "%s%s", space, $0; space = " " }')"
  fi
}

# remember_settings: what the pods have been told, and for which projects there are rights
remember_settings() {
  SPARE_BEFORE=$(field deployment "$NAME" '{.metadata.uid}')
  SETTINGS_BEFORE=$(field configmap "$NAME" '{.data}')
  PROJECTS_BEFORE=$(field configmap "$NAME" '{.data.OPENSHIFT_BACKUP_NAMESPACES}')
}

# check_with_server FILE: a server that would refuse something does so before anything of it is there
check_with_server() {
  # In a namespace that is missing nothing can be checked.
  [ "$NAMESPACE_STATE" != missing ] || [ "$MODE" = projects ] || return 0
  kn apply --dry-run=server --filename="$1" >/dev/null 2>"$FILES/refused" && return
  cat "$FILES/refused" >&2
  fail 4 'the server refuses this; nothing has been changed'
}

# From the original; the spare pod is a Deployment now, and its pod would take the quota.
remove_original() {
  [ "$NAMESPACE_STATE" = missing ] || ! serves apps.openshift.io || kn delete deploymentconfig "$NAME" --ignore-not-found
}

# apply_objects FILE [OPTION...]: adds the names of the objects to those that stay
apply_objects() {
  file=$1
  shift
  kn apply --filename="$file" "$@" >"$FILES/applied" || fail 4 'not everything could be applied; it can be tried again'
  cat "$FILES/applied"
  awk '{ print $1 }' "$FILES/applied" >>"$FILES/stays"
}

# bind_projects: the rights in each of the projects, and no longer in those that were projects before
bind_projects() {
  [ "$MODE" = projects ] || return 0
  render "$(template_for binding)" >"$FILES/binding.yml"
  for project in $(project_list "$PROJECTS"); do
    k apply --namespace="$project" --filename="$FILES/binding.yml" >"$FILES/applied" ||
      fail 4 "the rights in the project $project can't be given: they take somebody who administers it"
    sed "s|^|$project: |" "$FILES/applied"
    awk '{ print $1 }' "$FILES/applied" >"$FILES/stays-in-project"
    remove_unlisted "$project" roles,rolebindings "$FILES/stays-in-project"
  done
}

# remove_leftovers: what other settings have made and these don't
remove_leftovers() {
  for project in $(project_list "$PROJECTS_BEFORE"); do
    [ "$MODE" = cluster ] || ! project_list "$PROJECTS" | has_line "$project" || continue
    remove_unlisted "$project" roles,rolebindings /dev/null
  done
  remove_unlisted '' clusterrolebindings,clusterroles "$FILES/stays"
  [ "$MODE" = cluster ] || remove_unlisted "$NAMESPACE" limitranges,resourcequotas "$FILES/stays"
}

# remove_unlisted PROJECT KINDS FILE [SELECTOR]: removes our objects of these kinds whose names are not in the file;
# by default all but what lets the backup copy volumes, which volumes-allow looks after
remove_unlisted() {
  found=$(k get "$2" ${1:+"--namespace=$1"} --selector="${4:-$OURS,app.kubernetes.io/component!=volumes}" --output=name 2>/dev/null) || return 0
  for object in $found; do
    has_line "$object" <"$3" || k delete "$object" ${1:+"--namespace=$1"} --ignore-not-found
  done
}

# restart_spare: pods read their environment once
restart_spare() {
  [ -n "$SPARE_BEFORE" ] && [ "$(field configmap "$NAME" '{.data}')" != "$SETTINGS_BEFORE" ] || return 0
  say 'The settings have changed: the spare pod starts anew.'
  # Older versions of oc have no "rollout restart".
  kn patch deployment "$NAME" --type=merge --patch="{\"spec\":{\"template\":{\"metadata\":{\"annotations\":
    {\"openshift-backup.io/restarted-at\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}}}}}"
}
