# Sourced: waits for the installation, and says what is wrong with it.

wait_until_ready() {
  [ "$WAIT_SECONDS" -gt 0 ] || return 0
  say "Waiting up to $WAIT_SECONDS seconds for the spare pod."
  if kn rollout status "deployment/$NAME" --timeout="${WAIT_SECONDS}s" >"$FILES/status" 2>&1; then
    say 'The spare pod is ready.'
    return 0
  fi
  say 'Everything is applied, but the spare pod is not ready:' >&2
  diagnose >&2
  say 'Mend this and run "make create" again; "make clean" removes everything.' >&2
  exit 3
}

diagnose() {
  found=''
  for part in diagnose_claim diagnose_pods diagnose_deployment; do
    ! "$part" || found=yes
  done
  [ -n "$found" ] || say "- the reason is not known yet: $CLIENT -n $NAMESPACE describe deployment/$NAME pods"
}

diagnose_claim() {
  phase=$(field persistentvolumeclaim "$NAME" '{.status.phase}')
  # The controllers say so; a cluster that has none leaves it empty.
  [ "$phase" != Bound ] || return 1
  say "- PersistentVolumeClaim $NAME is ${phase:-without a state}: it has no volume."
  reason=$(kn get events --field-selector="involvedObject.kind=PersistentVolumeClaim,involvedObject.name=$NAME" \
    --output='jsonpath={range .items[*]}{.message}{"\n"}{end}' 2>/dev/null) || reason=''
  [ -z "$reason" ] || say "  $(last_line "$reason")"
  classes=$(k get storageclasses --output='jsonpath={range .items[*]}{.metadata.name}{" "}{end}' 2>/dev/null) || classes=''
  say "  Storage classes: ${classes:-none that can be seen}"
  [ "$ACCESS_MODE" = ReadWriteOnce ] ||
    say '  It needs one with ReadWriteMany: set OPENSHIFT_BACKUP_STORAGE_CLASS. Without one: OPENSHIFT_BACKUP_ACCESS_MODE=ReadWriteOnce'
}

diagnose_pods() {
  waiting=$(kn get pods --selector="$OURS,app.kubernetes.io/component=spare" --output='jsonpath={range .items[*].status.containerStatuses[*]}{.state.waiting.reason}{": "}{.state.waiting.message}{"\n"}{end}' 2>/dev/null) || waiting=''
  unscheduled=$(kn get pods --selector="$OURS,app.kubernetes.io/component=spare" --output='jsonpath={range .items[*].status.conditions[?(@.reason=="Unschedulable")]}{.message}{"\n"}{end}' 2>/dev/null) || unscheduled=''
  case $waiting in
    *ImagePullBackOff* | *ErrImagePull* | *InvalidImageName* | *ErrImageNeverPull*)
      say "- the image $IMAGE can't be pulled. $(last_line "$waiting")"
      say '  Build it with "make build-docker-image", or set OPENSHIFT_BACKUP_IMAGE.' ;;
    *CrashLoopBackOff* | *CreateContainer*Error* | *RunContainerError*)
      say "- the spare pod does not start. $(last_line "$waiting")"
      say "  $CLIENT -n $NAMESPACE logs deployment/$NAME --previous" ;;
    *)
      [ -n "$unscheduled" ] || return 1
      say "- no node takes the spare pod: $(last_line "$unscheduled")" ;;
  esac
}

diagnose_deployment() {
  failure=$(field deployment "$NAME" '{.status.conditions[?(@.type=="ReplicaFailure")].message}')
  [ -n "$failure" ] || return 1
  say "- the spare pod can't be made: $failure"
  case $failure in
    *'exceeded quota'*) say '  The ResourceQuota has no room: end what else runs in the namespace, or choose another one.' ;;
  esac
}

next_steps() {
  in="$CLIENT -n $NAMESPACE exec deploy/$NAME -- openshift-backup"
  cat <<TEXT

Next:
  make backupnow                          makes a backup now, and shows its log
  $in list
  $in status
  $in fetch latest > latest.zip
  make update-configmap                   applies changed settings
  make clean                              removes everything but the archives
TEXT
}
