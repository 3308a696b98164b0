#!/bin/sh
# make volumes-allow PROJECT=shop: lets the backup copy volumes in one project; run again it changes what has changed.
set -eu
. openshift/settings.sh
load_settings
. openshift/cluster.sh
. openshift/render.sh
. openshift/apply.sh
. openshift/volumes.sh

# left_out: an expression for the names of what was not asked for, or does not exist here
left_out() {
  printf '#'
  [ "$QUIESCE" = yes ] || printf '|-volumes-quiesce'
  [ "$PLATFORM" = openshift ] || printf '|-backuper'
  [ "$PLATFORM/$ROOT" = openshift/yes ] || printf '|backuper-root'
}

# objects_of TEMPLATE: as a List, without what is left out
objects_of() {
  render "$1" | awk -v names="\n      name: '?[-a-z0-9]*($(left_out))'?\n" '
    function flush() { if (object !~ names) printf "%s", object }
    /^  - / { flush(); object = "" }
    { object = object $0 "\n" }
    END { flush() }
  '
}

# try_first WHAT COMMAND...: as a trial on the server
try_first() {
  what=$1
  shift
  k "$@" --dry-run=server >/dev/null 2>"$FILES/refused" && return
  cat "$FILES/refused" >&2
  fail 4 "$what: this takes a cluster administrator"
}

what_is_allowed() {
  printf 'pods that copy volumes, their records, notes on claims'
  [ "$QUIESCE" != yes ] || printf '; commands in pods (hooks), scaling'
  [ "$PLATFORM/$ROOT" != openshift/yes ] || printf '; copying as root (SCC backuper-root)'
}

# explain_pod_security: what the project admits decides what can be copied
explain_pod_security() {
  level=$(k get namespace "$PROJECT" --output='jsonpath={.metadata.labels.pod-security\.kubernetes\.io/enforce}')
  case $PLATFORM/$ROOT/$level in
    */yes/restricted) say 'Pod Security is "restricted" there: volumes with files of several users are declined. With "baseline" they are copied, as root.' ;;
    kubernetes/no/restricted) ;;
    kubernetes/no/*) say 'Plain Kubernetes has no right that ROOT=no could leave out: only Pod Security "restricted" keeps root out.' ;;
  esac
}

next_steps() {
  cat <<TEXT

Next:
  $CLIENT -n $PROJECT annotate persistentvolumeclaim data openshift-backup.io/copy-to=data-backup
                                          copies data to data-backup every night
  $CLIENT -n $NAMESPACE exec deploy/$NAME -- openshift-backup volumes plan -n $PROJECT data data-backup
                                          says how, and what is in the way
  make volumes-forbid PROJECT=$PROJECT
TEXT
}

choose_project volumes-allow
yes_or_no QUIESCE "$QUIESCE"
yes_or_no ROOT "$ROOT"
find_cluster
find_project
# Whoever made one of this name later would have its rights.
exists serviceaccount "$NAME" ||
  fail 4 "there is no ServiceAccount $NAME in the namespace $NAMESPACE, or you may not see it: run \"make create\" first"
refuse_foreign serviceaccount backuper "$PROJECT"
refuse_foreign networkpolicy backuper "$PROJECT"
[ "$PLATFORM" != openshift ] || refuse_foreign securitycontextconstraints backuper-root
where
say "project:   $PROJECT"
say "rights:    $(what_is_allowed)"
confirm 'Let the backup copy volumes there?'

FILES=$(mktemp -d)
trap 'rm -rf "$FILES"' EXIT
objects_of template-volumes.yml >"$FILES/roles.yml"
objects_of template-volumes-project.yml >"$FILES/project.yml"
try_first 'nothing has been changed' apply --filename="$FILES/roles.yml"
try_first 'nothing has been changed' label namespace "$PROJECT" "$OPT_IN=allowed" --overwrite
k apply --filename="$FILES/roles.yml" || fail 4 'not everything could be applied; it can be tried again'
try_first "nothing has been changed in the project $PROJECT" apply --namespace="$PROJECT" --filename="$FILES/project.yml"
k label namespace "$PROJECT" "$OPT_IN=allowed" --overwrite
k apply --namespace="$PROJECT" --filename="$FILES/project.yml" >"$FILES/applied" ||
  fail 4 'not everything could be applied; it can be tried again'
sed "s|^|$PROJECT: |" "$FILES/applied"
awk '{ print $1 }' "$FILES/applied" >"$FILES/stays"
remove_unlisted "$PROJECT" rolebindings "$FILES/stays" "$VOLUMES"
explain_pod_security
next_steps
