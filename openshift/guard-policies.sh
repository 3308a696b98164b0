# Sourced after cluster.sh: the guard's policies.

GUARD_LABELS=app.kubernetes.io/name=openshift-backup

# has_policies: whether the cluster knows such objects
has_policies() {
  k get --raw /apis/admissionregistration.k8s.io/v1 2>/dev/null |
    awk '/"validatingadmissionpolicies"/ { found = 1 } END { exit !found }'
}

# remove_policies: what brings them into force first
remove_policies() {
  for kind in validatingadmissionpolicybindings validatingadmissionpolicies; do
    found=$(k get "$kind" --selector="$GUARD_LABELS" --output=name) || fail 4 "the $kind can't be seen: it takes a cluster administrator"
    for object in $found; do k delete "$object" --ignore-not-found; done
  done
}
