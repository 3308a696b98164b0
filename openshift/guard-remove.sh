#!/bin/sh
# make guard-remove: takes the guard away, in whichever form it is there.
set -eu
. openshift/settings.sh
load_settings
. openshift/cluster.sh
. openshift/guard-policies.sh

find_cluster
where
confirm 'Take the guard away? Then nothing keeps others from the rights of BackupEr pods but the SCC.'
# What asks first, then what answers.
k delete validatingwebhookconfiguration openshift-backup-guard --ignore-not-found
! has_policies || remove_policies
k delete namespace cluster-backup-guard --ignore-not-found --wait=false
say 'The guard is gone.'
