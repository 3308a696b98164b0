#!/bin/sh
# make clean: removes everything but the archives, and with REMOVE_ARCHIVES=yes these too.
set -eu
. openshift/settings.sh
load_settings
. openshift/cluster.sh
. openshift/volumes.sh

yes_or_no FORCE "$FORCE"
find_cluster
with_copies=$(volume_projects)
for project in $with_copies; do refuse_running "$project"; done
where
[ -z "$with_copies" ] || say "projects:  $(printf '%s\n' "$with_copies" | awk '{ printf "%s%s", space, $0; space = " " }') (copies of volumes)"
case $REMOVE_ARCHIVES in
  yes) confirm 'Remove the backup there, and ALL ITS ARCHIVES?' ;;
  '' | no) confirm 'Remove the backup there? Its archives stay.' ;;
  *) fail 2 "REMOVE_ARCHIVES is \"$REMOVE_ARCHIVES\": give yes or no" ;;
esac

# remove PROJECT KINDS: our objects of these kinds, in this order, to their end
remove() {
  found=$(k get "$2" ${1:+"--namespace=$1"} --selector="$OURS" --output=name 2>/dev/null) || return 0
  [ -n "$found" ] || return 0
  # shellcheck disable=SC2086 # names have no spaces
  k delete $found ${1:+"--namespace=$1"} --ignore-not-found --cascade=foreground --timeout=120s ||
    fail 4 "not everything is gone; look at the finalizers of what is left, and run \"make clean\" again"
}

# remove_scc: unless another backup has it too
remove_scc() {
  serves security.openshift.io || return 0
  others=$(k get clusterroles --selector="$ANY_VOLUMES" --output=name 2>/dev/null) || return 0
  case "$others " in *-backuper-root[!a-z0-9-]*) return 0 ;; esac
  sccs=$(k get securitycontextconstraints --selector="$ANY_VOLUMES" --output=name 2>/dev/null) || return 0
  # shellcheck disable=SC2086 # names have no spaces
  [ -z "$sccs" ] || k delete $sccs --ignore-not-found
}

FILES=$(mktemp -d)
trap 'rm -rf "$FILES"' EXIT
projects=$(field configmap "$NAME" '{.data.OPENSHIFT_BACKUP_NAMESPACES}')
# First what starts pods, then what they need; what binds before what is bound.
kinds=cronjobs,deployments,jobs,pods,services,networkpolicies,configmaps,limitranges,resourcequotas
! serves monitoring.coreos.com || kinds=$kinds,servicemonitors,prometheusrules
! serves build.openshift.io || kinds=$kinds,buildconfigs
! serves image.openshift.io || kinds=$kinds,imagestreams
! serves apps.openshift.io || kn delete deploymentconfig "$NAME" --ignore-not-found
remove "$NAMESPACE" "$kinds"
# Nothing begins a copy any more.
for project in $with_copies; do forbid_project "$project"; done
for project in $(project_list "$projects"); do remove "$project" rolebindings,roles; done
remove '' clusterrolebindings,clusterroles
remove_scc
remove "$NAMESPACE" rolebindings,roles,serviceaccounts

if [ "$REMOVE_ARCHIVES" != yes ]; then
  ! exists persistentvolumeclaim "$NAME" ||
    say "The archives stay in PersistentVolumeClaim $NAME, namespace $NAMESPACE. To remove them: make clean REMOVE_ARCHIVES=yes"
  say 'Done.'
  exit 0
fi
remove "$NAMESPACE" persistentvolumeclaims

is_ours() {
  [ "$(field namespace "$NAMESPACE" '{.metadata.labels.app\.kubernetes\.io/instance}')" = "$NAME" ] ||
    [ "$(field namespace "$NAMESPACE" '{.metadata.annotations.openshift\.io/description}')" = "Made by openshift-backup ($NAME)" ]
}
others=$(kn get deployments,statefulsets,daemonsets,cronjobs,jobs,pods,persistentvolumeclaims,services --output=name 2>/dev/null) || others=''
if is_ours && [ -z "$others" ]; then
  kind=namespace
  ! serves project.openshift.io || kind=project
  k delete "$kind" "$NAMESPACE" --ignore-not-found --timeout=300s || fail 4 "the namespace $NAMESPACE is still there"
elif exists namespace "$NAMESPACE"; then
  say "The namespace $NAMESPACE stays: it was not made for the backup alone."
fi
say 'Done.'
