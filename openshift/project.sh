# Sourced after cluster.sh: the mode of the installation, and its namespace or project.

# choose_mode: sets MODE (cluster or projects) and PROJECTS
choose_mode() {
  MODE=projects
  [ -z "$(project_list "$PROJECTS")" ] || return 0
  if may create clusterrolebindings.rbac.authorization.k8s.io; then
    MODE=cluster
    return 0
  fi
  say 'You may not create ClusterRoles here: only projects are backed up, those that you can see.'
  PROJECTS=$(visible_projects)
  [ -n "$(project_list "$PROJECTS")" ] ||
    fail 2 'no project can be seen: name them, separated by commas, in OPENSHIFT_BACKUP_PROJECTS'
}

# Those in which the rights can be given.
visible_projects() {
  kind=namespaces
  ! serves project.openshift.io || kind=projects.project.openshift.io
  names=$(k get "$kind" --output='jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' 2>/dev/null) || names=''
  for name in $names; do
    [ "$name" != "$NAMESPACE" ] && may create rolebindings.rbac.authorization.k8s.io --namespace="$name" || continue
    say "$name"
  done
}

# check_namespace: sets NAMESPACE_STATE (missing, ours, shared) and refuses somebody else's
check_namespace() {
  NAMESPACE_STATE=missing
  label='{.metadata.labels.app\.kubernetes\.io/instance}'
  case $(field namespace "$NAMESPACE" "{.metadata.name} {.status.phase} $label") in
    '') return 0 ;;
    *' Terminating '*) fail 4 "the namespace $NAMESPACE is being deleted: wait for its end, and try again" ;;
    *" $NAME") NAMESPACE_STATE=ours && return 0 ;;
  esac
  kinds=deployments,statefulsets,daemonsets,cronjobs,jobs,pods,persistentvolumeclaims,services
  NAMESPACE_STATE=ours
  [ -n "$(kn get "$kinds" --selector="app!=$NAME" --output=name 2>/dev/null)" ] || return 0
  NAMESPACE_STATE=shared
  say "The namespace $NAMESPACE holds other objects too: it gets no quota and no labels."
  # What this and the original install has this label.
  [ -z "$(kn get "$kinds" --selector="app=$NAME" --output=name 2>/dev/null)" ] || return 0
  [ -n "$YES" ] || [ -t 0 ] ||
    fail 5 "the namespace $NAMESPACE holds somebody else's objects: choose another OPENSHIFT_BACKUP_NAMESPACE, or set YES=1"
}

# make_project: for those who have no rights in the cluster; the others' List holds a Namespace
make_project() {
  [ "$MODE" = projects ] && [ "$NAMESPACE_STATE" = missing ] || return 0
  if serves project.openshift.io; then
    k create --filename=- <<OBJECT || fail 4 "the project $NAMESPACE can't be requested: choose another OPENSHIFT_BACKUP_NAMESPACE, or have one made"
{"apiVersion": "project.openshift.io/v1", "kind": "ProjectRequest", "metadata": {"name": "$NAMESPACE"},
 "displayName": "OpenShift cluster backup", "description": "Made by openshift-backup ($NAME)"}
OBJECT
  else
    k create namespace "$NAMESPACE" || fail 4 "the namespace $NAMESPACE can't be made: have one made, and try again"
  fi
  # The rights in it come a moment later.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    ! may create deployments.apps --namespace="$NAMESPACE" || return 0
    sleep 1
  done
  fail 4 "you have no rights in $NAMESPACE: ask for the role admin there, and try again"
}
