#!/bin/sh
# make guard: keeps what BackupEr pods may do for BackupEr pods; run again it changes what has changed.
set -eu
. openshift/settings.sh
load_settings
. openshift/cluster.sh
. openshift/guard-policies.sh

GUARD=${GUARD:-auto}
GUARD_MODE=${GUARD_MODE:-deny}
GUARD_IMAGES=${GUARD_IMAGES:-}
GUARD_CREATORS=${GUARD_CREATORS:-}
GUARD_ADMINISTRATORS=${GUARD_ADMINISTRATORS:-}
GUARD_NAMESPACE=cluster-backup-guard

# is_name_list TEXT: names separated by commas, none with a character that sed or CEL would take for its own
is_name_list() {
  [ -z "$1" ] || is_match "$1" '[A-Za-z0-9:._@/+-]+(,[A-Za-z0-9:._@/+-]+)*'
}

check_guard_settings() {
  case $GUARD in auto | policy | webhook) ;; *) wrong GUARD "$GUARD" 'auto, policy or webhook' ;; esac
  case $GUARD_MODE in audit | deny) ;; *) wrong GUARD_MODE "$GUARD_MODE" 'audit or deny' ;; esac
  is_name_list "$GUARD_IMAGES" || wrong GUARD_IMAGES "$GUARD_IMAGES" 'names of images, separated by commas'
  is_name_list "$GUARD_CREATORS" || wrong GUARD_CREATORS "$GUARD_CREATORS" 'user names, separated by commas'
  is_name_list "$GUARD_ADMINISTRATORS" || wrong GUARD_ADMINISTRATORS "$GUARD_ADMINISTRATORS" 'user names, separated by commas'
}

# choose_form: sets FORM to a folder below openshift/guard
choose_form() {
  minor=$(k get --raw /version 2>/dev/null | awk -F '"' '/"minor"/ { print $4 + 0 }') || minor=''
  [ -n "$minor" ] || fail 4 "the version of the cluster can't be read"
  FORM=$GUARD_MODE
  [ "$GUARD" != auto ] || { [ "$minor" -ge 30 ] && GUARD=policy || GUARD=webhook; }
  [ "$GUARD" != policy ] || [ "$minor" -ge 30 ] ||
    fail 2 'a ValidatingAdmissionPolicy takes Kubernetes 1.30 or OpenShift 4.17: set GUARD=webhook'
  [ "$GUARD" = webhook ] || return 0
  [ "$GUARD_MODE" = deny ] || fail 2 'the webhook has no GUARD_MODE=audit'
  [ "$PLATFORM" = openshift ] ||
    fail 2 'the webhook takes a certificate, which OpenShift makes; elsewhere see docs/guard.md'
  FORM=webhook
  [ "$minor" -ge 28 ] || FORM=webhook-before-1.28
}

# choose_images: that of the installation; during an upgrade the one that it will have as well
choose_images() {
  [ -z "$GUARD_IMAGES" ] || return 0
  installed=$(field cronjob "$NAME" '{.spec.jobTemplate.spec.template.spec.containers[0].image}')
  GUARD_IMAGES=$(project_list "$installed $IMAGE" | joined)
  [ -n "$GUARD_IMAGES" ] ||
    fail 4 "there is no backup $NAME in the namespace $NAMESPACE, or you may not see it: run \"make create\" first, or set GUARD_IMAGES"
}

joined() {
  awk '{ printf "%s%s", comma, $0; comma = "," }'
}

# quoted LIST: as the inside of a list in CEL
quoted() {
  printf '%s' "$1" | awk '{ gsub(/,/, "\", \""); printf "\"%s\"", $0 }'
}

# objects: those of the form, with the settings in the places of the defaults; kustomize breaks lines at spaces only
objects() {
  k kustomize "openshift/guard/$FORM" | sed \
    -e "s|\"openshift-backup:latest\"|$(quoted "$GUARD_IMAGES")|g" \
    -e "s|\"system:serviceaccount:cluster-backup:openshift-backup\"|$(quoted "$CREATORS")|g" \
    -e "s|\"system:admin\"|$(quoted "$ADMINISTRATORS")|g" \
    -e "s|image: openshift-backup:latest|image: ${GUARD_IMAGES%%,*}|" \
    -e "s|value: openshift-backup:latest|value: $GUARD_IMAGES|" \
    -e "s|value: system:serviceaccount:cluster-backup:openshift-backup|value: $CREATORS|" \
    -e "s|value: system:admin|value: $ADMINISTRATORS|"
}

# try_pod NAME: whether a pod is taken, as a trial; what the server says else is in the file refused
try_pod() {
  k create --namespace="$NAMESPACE" --dry-run=server --filename=- >/dev/null 2>"$FILES/refused" <<POD
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "$1"}, "spec": {
 "securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
 "containers": [{"name": "main", "image": "none", "resources": {"requests": {"cpu": "10m", "memory": "32Mi"},
 "limits": {"cpu": "10m", "memory": "32Mi"}},
 "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}}
POD
}

# is_guards_word: whether the guard has refused it, or something of the guard is broken
is_guards_word() {
  awk '/openshift-backup guard, rule/ || /openshift-backup-guard/ || /guard\.openshift-backup\.io/ { found = 1 } END { exit !found }' "$FILES/refused"
}

# see_effect: it refuses what it must within some seconds, and nothing else
see_effect() {
  [ "$FORM" != audit ] || return 0
  seen=''
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    try_pod backuper-guard-trial || { ! is_guards_word || { seen=yes && break; }; }
    sleep 1
  done
  [ -n "$seen" ] || say 'Whether it is in force is not seen yet: try "openshift-backup guard check" in a while.'
  try_pod guard-trial || ! is_guards_word || {
    cat "$FILES/refused" >&2
    YES=1 sh openshift/guard-remove.sh
    fail 4 'the guard refuses what is none of its business, and has been removed again; please report this'
  }
}

# remove_other_form: a cluster has one of them
remove_other_form() {
  if [ "$GUARD" = policy ]; then
    k delete validatingwebhookconfiguration openshift-backup-guard --ignore-not-found
    k delete namespace "$GUARD_NAMESPACE" --ignore-not-found --wait=false
  elif has_policies; then
    remove_policies
  fi
}

check_guard_settings
find_cluster
choose_form
choose_images
ADMINISTRATORS=system:admin${GUARD_ADMINISTRATORS:+,$GUARD_ADMINISTRATORS}
CREATORS=system:serviceaccount:$NAMESPACE:$NAME
[ -z "$GUARD_CREATORS" ] || CREATORS=$(project_list "$CREATORS $GUARD_CREATORS" | joined)
where
say "guard:     $FORM"
say "images:    $GUARD_IMAGES"
say "creators:  $CREATORS"
confirm 'Guard what BackupEr pods may do?'

FILES=$(mktemp -d)
trap 'rm -rf "$FILES"' EXIT
objects >"$FILES/objects.yml"
if [ "$GUARD" = policy ] || exists namespace "$GUARD_NAMESPACE"; then
  k apply --dry-run=server --filename="$FILES/objects.yml" >/dev/null 2>"$FILES/refused" || {
    cat "$FILES/refused" >&2
    fail 4 'the server refuses this; nothing has been changed. It takes a cluster administrator'
  }
fi
k apply --filename="$FILES/objects.yml" || fail 4 'not everything could be applied; it can be tried again'
remove_other_form
see_effect
cat <<TEXT

Next:
  openshift-backup guard check -n PROJECT --image ${GUARD_IMAGES%%,*}
                                          tries whether it is in force, a few seconds from now
  make guard                              again after every upgrade of the image
  make guard-remove
TEXT
