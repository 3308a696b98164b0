# Sourced: what can't be changed in a PersistentVolumeClaim once it is there.

# settle_claim: keeps the class and mode of a claim that holds archives, and removes one that never got a volume
settle_claim() {
  # shellcheck disable=SC2046 # three words, the last of which may be missing
  set -- $(field persistentvolumeclaim "$NAME" '{.status.phase} {.spec.accessModes[0]} {.spec.storageClassName}')
  [ $# -ge 2 ] || return 0
  class=${3:-}
  if [ "$2" = "$ACCESS_MODE" ] && { [ -z "$STORAGE_CLASS" ] || [ "$class" = "$STORAGE_CLASS" ]; }; then
    STORAGE_CLASS=$class
    return 0
  fi
  if [ "$1" = Bound ]; then
    say "The volume keeps its storage class ${class:-(none)} and access mode $2, because it holds archives."
    STORAGE_CLASS=$class
    ACCESS_MODE=$2
    return 0
  fi
  say "PersistentVolumeClaim $NAME never got a volume: it is made anew with the new settings."
  kn delete persistentvolumeclaim "$NAME" --wait=false
  # A pod that waits for it protects it.
  kn delete deployment "$NAME" --ignore-not-found
  kn wait --for=delete "persistentvolumeclaim/$NAME" --timeout=60s >/dev/null 2>&1 ||
    fail 4 "PersistentVolumeClaim $NAME is still there, because a pod uses it: end the pod, and try again"
}
