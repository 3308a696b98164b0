#!/bin/sh
# make update-configmap: schedule, time zone, days to retain and secrets mode, without anything else being touched.
set -eu
. openshift/settings.sh
load_settings
. openshift/cluster.sh
. openshift/render.sh
. openshift/project.sh
. openshift/apply.sh

find_cluster
exists configmap "$NAME" || fail 4 "there is no ConfigMap $NAME in the namespace $NAMESPACE, or you may not see it: run \"make create\" first"
where
confirm 'Change the settings of the backup there?'

patch_key() {
  printf '{"data":{"OPENSHIFT_BACKUP_RETAIN_DAYS":"%s","OPENSHIFT_BACKUP_SCHEDULE":"%s","OPENSHIFT_BACKUP_TIME_ZONE":"%s","BACKUP_SECRETS":"%s"}}' \
    "$RETAIN_DAYS" "$SCHEDULE" "$TIME_ZONE" "$SECRETS"
}

may_read_secrets=$(field configmap "$NAME" '{.data.BACKUP_SECRETS}')
case $WITH_SECRETS/$may_read_secrets in
  yes/false | yes/exclude) fail 2 'the backup has no right to read Secrets: run "make create", which gives it' ;;
  no/true | no/include | no/redact) say 'The right to read Secrets stays until "make create" takes it away.' ;;
esac
remember_settings
kn patch cronjob "$NAME" --type=merge --patch="{\"spec\":{\"schedule\":\"$SCHEDULE\",\"timeZone\":\"$TIME_ZONE\"}}" ||
  fail 4 'the CronJob refuses the new settings; nothing has been changed'
kn patch configmap "$NAME" --type=merge --patch="$(patch_key)"
restart_spare
