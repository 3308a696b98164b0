#!/bin/sh
# make build-docker-image: with podman, docker or buildah; without one of them, or when asked to, on OpenShift.
set -eu
. openshift/settings.sh
load_settings
. openshift/cluster.sh
. openshift/project.sh

TAG=${IMAGE:-openshift-backup:latest}

build_on_cluster() {
  find_cluster
  [ "$CLIENT" = oc ] || fail 2 'a build on OpenShift needs oc: install it, or podman, docker or buildah'
  serves build.openshift.io || fail 2 'this cluster has no builds: install podman, docker or buildah, and push the image to a registry'
  where
  confirm 'Build the image there?'
  exists namespace "$NAMESPACE" || { MODE=projects NAMESPACE_STATE=missing && make_project; }
  exists buildconfig "$NAME" ||
    kn new-build --binary --strategy=docker --name="$NAME" --labels="app=$NAME,$OURS" --to="$NAME:latest"
  kn start-build "$NAME" --from-dir=. --exclude='(^|/)(\.git|node_modules)(/|$)' --follow --wait || fail 4 "the build has failed: oc -n $NAMESPACE describe build"
  say 'The image is on the cluster, and "make create" takes it.'
}

tool=$BUILD
if [ -z "$tool" ]; then
  for candidate in podman docker buildah; do
    if command -v "$candidate" >/dev/null 2>&1; then
      tool=$candidate
      break
    fi
  done
fi
case ${tool:-openshift} in
  openshift) build_on_cluster ;;
  *)
    command -v "$tool" >/dev/null 2>&1 || fail 2 "there is no $tool: install it, or leave OPENSHIFT_BACKUP_BUILD out"
    "$tool" build --tag "$TAG" . || fail 4 "$tool could not build the image"
    say "The image is $TAG. A cluster needs it in a registry that its nodes reach: $tool push $TAG, and OPENSHIFT_BACKUP_IMAGE." ;;
esac
