#!/bin/sh
# make volumes-forbid PROJECT=shop: takes back what volumes-allow has given; claims, copies and records stay.
set -eu
. openshift/settings.sh
load_settings
. openshift/cluster.sh
. openshift/volumes.sh

choose_project volumes-forbid
yes_or_no FORCE "$FORCE"
find_cluster
find_project
refuse_running "$PROJECT"
where
say "project:   $PROJECT"
confirm 'Take the rights to copy volumes there back? Claims and copies stay.'

FILES=$(mktemp -d)
trap 'rm -rf "$FILES"' EXIT
forbid_project "$PROJECT"
[ -z "$(k get configmaps --namespace="$PROJECT" --selector="$RECORDS" --output=name)" ] ||
  say "The records of copies stay. To remove them: $CLIENT -n $PROJECT delete configmaps --selector=$RECORDS"
say 'Done.'
