# Sourced after settings.sh: which client, which cluster, and what it is.

# The objects of this installation.
OURS="app.kubernetes.io/name=openshift-backup,app.kubernetes.io/instance=$NAME"

k() {
  "$CLIENT" "$@"
}

kn() {
  "$CLIENT" --namespace="$NAMESPACE" "$@"
}

# find_cluster: sets CLIENT, PLATFORM (openshift or kubernetes) and APIS
find_cluster() {
  if command -v oc >/dev/null 2>&1; then
    CLIENT=oc
  elif command -v kubectl >/dev/null 2>&1; then
    CLIENT=kubectl
  else
    fail 2 'there is no oc and no kubectl on the PATH: install one of them'
  fi
  APIS=$(k api-versions 2>&1) || fail 4 "the cluster can't be reached ($(last_line "$APIS")): log in with \"oc login\", or set KUBECONFIG"
  if serves project.openshift.io || serves route.openshift.io; then
    PLATFORM=openshift
  else
    PLATFORM=kubernetes
  fi
}

# serves GROUP: whether the cluster has an API group
serves() {
  printf '%s\n' "$APIS" | awk -v group="$1/" 'index($0, group) == 1 { found = 1 } END { exit !found }'
}

last_line() {
  printf '%s\n' "$1" | awk 'NF { line = $0 } END { print line }'
}

where() {
  context=$(k config current-context 2>/dev/null) || context='(none)'
  server=$(k config view --minify --output='jsonpath={.clusters[0].cluster.server}' 2>/dev/null) || server=''
  say "cluster:   context $context, server ${server:-(that of this pod)}"
  say "namespace: $NAMESPACE"
}

# confirm QUESTION: asks on a terminal; without one, or with YES=1, goes on
confirm() {
  [ -t 0 ] && [ -z "$YES" ] || return 0
  printf '%s [y/N] ' "$1"
  read -r answer || answer=''
  case $answer in
    [yY] | [yY][eE][sS]) ;;
    *) fail 5 'nothing has been changed' ;;
  esac
}

may() {
  k auth can-i --quiet "$@" >/dev/null 2>&1
}

# exists KIND NAME: in the namespace, or in the cluster
exists() {
  [ -n "$(kn get "$1" "$2" --ignore-not-found --output=name 2>/dev/null)" ]
}

# field KIND NAME JSONPATH: empty when there is no such object
field() {
  kn get "$1" "$2" --ignore-not-found --output="jsonpath=$3" 2>/dev/null || :
}

# project_list TEXT: one name a line
project_list() {
  printf '%s\n' "$1" | awk '{ gsub(/[, \t]+/, "\n"); print }' | awk 'NF && !seen[$0]++'
}

# has_line LINE: whether standard input has it
has_line() {
  LINE=$1 awk '$0 == ENVIRON["LINE"] { found = 1 } END { exit !found }'
}
