#!/bin/sh
# make create: installs, or changes what is installed; run again it changes nothing.
set -eu
. openshift/settings.sh
load_settings
. openshift/cluster.sh
. openshift/render.sh
. openshift/project.sh
. openshift/claim.sh
. openshift/apply.sh
. openshift/diagnose.sh

find_cluster
choose_mode
check_namespace
choose_image
where
say "mode:      $PLATFORM, $(what_is_read), image $IMAGE"
confirm 'Install the backup there?'

FILES=$(mktemp -d)
trap 'rm -rf "$FILES"' EXIT
SPARE_BEFORE=''
SETTINGS_BEFORE=''
PROJECTS_BEFORE=''
if [ "$NAMESPACE_STATE" != missing ]; then
  settle_claim
  remember_settings
fi
render "$(template_for "$MODE")" | fit_namespace >"$FILES/objects.yml"
make_project
check_with_server "$FILES/objects.yml"
remove_original
apply_objects "$FILES/objects.yml"
bind_projects
remove_leftovers
restart_spare
wait_until_ready
next_steps
