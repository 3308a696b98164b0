#!/bin/sh
# make backupnow: runs the nightly job now, shows its log, and ends with its exit code.
set -eu
. openshift/settings.sh
load_settings
. openshift/cluster.sh

find_cluster
exists cronjob "$NAME" || fail 4 "there is no CronJob $NAME in the namespace $NAMESPACE, or you may not see it: run \"make create\" first"
may create jobs.batch --namespace="$NAMESPACE" || fail 4 "you may not create Jobs in the namespace $NAMESPACE: it takes somebody with the role edit there"

JOB="$NAME-manual-$(date -u +%Y%m%d%H%M%S)"
kn create job "$JOB" --from="cronjob/$NAME" || fail 4 "the Job $JOB can't be made"

if [ "$WAIT_SECONDS" -eq 0 ]; then
  say "It runs by itself: $CLIENT -n $NAMESPACE logs --follow job/$JOB"
  exit 0
fi

pod_states() {
  kn get pods --selector="job-name=$JOB" --output="jsonpath={range .items[*]}{.metadata.name} {.status.phase} {.status.containerStatuses[0].state.waiting.reason}{\"\n\"}{end}" 2>/dev/null || :
}

ended() {
  [ -n "$(kn get job "$JOB" --output='jsonpath={.status.conditions[?(@.status=="True")].type}' 2>/dev/null | awk '/Complete|Failed/')" ]
}

# exit_code: that of the last pod which has ended
exit_code() {
  kn get pods --selector="job-name=$JOB" --sort-by=.metadata.creationTimestamp \
    --output='jsonpath={range .items[*]}{.status.containerStatuses[0].state.terminated.exitCode}{"\n"}{end}' 2>/dev/null |
    awk 'NF { code = $1 } END { print code }'
}

followed=' '
waited=0
until ended; do
  for pod in $(pod_states | awk '$2 == "Running" || $2 == "Succeeded" || $2 == "Failed" { print $1 }'); do
    case $followed in *" $pod "*) continue ;; esac
    followed="$followed$pod "
    kn logs --follow "$pod" || say "The log of $pod can't be shown." >&2
  done
  stuck=$(pod_states | awk '$2 == "Pending" && $3 ~ /Err|BackOff/ { print $3 }')
  if [ "$followed" = ' ' ] && [ "$waited" -ge "$WAIT_SECONDS" ]; then
    fail 4 "Job $JOB does not start${stuck:+ ($stuck)}, and goes on trying: $CLIENT -n $NAMESPACE describe job/$JOB pods"
  fi
  sleep 1
  waited=$((waited + 1))
done
for pod in $(pod_states | awk '{ print $1 }'); do
  case $followed in *" $pod "*) continue ;; esac
  kn logs "$pod" || say "The log of $pod can't be shown." >&2
done

code=$(exit_code)
if [ -n "$(kn get job "$JOB" --output='jsonpath={.status.conditions[?(@.type=="Complete")].type}')" ]; then
  say "Job $JOB is complete."
  exit 0
fi
reason=$(kn get job "$JOB" --output='jsonpath={.status.conditions[?(@.type=="Failed")].message}')
say "Job $JOB has failed (exit code ${code:-unknown}): $reason" >&2
[ "${code:-0}" -eq 0 ] || exit "$code"
exit 4
