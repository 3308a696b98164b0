# Sourced: writes the objects of a template as a List, with what "oc process" would make of the parameters.
# settings.sh has checked each value: none holds a quote, a backslash, "&", "|" or a line break.

# render TEMPLATE
render() {
  # A field that is not wanted is left out: kubectl would see a change in each "null".
  storage_class="/'\${{STORAGE_CLASS}}'/d"
  [ -z "$STORAGE_CLASS" ] || storage_class="s|'\${{STORAGE_CLASS}}'|'$STORAGE_CLASS'|"
  affinity="/'\${{AFFINITY}}'/d"
  [ "$ACCESS_MODE" = ReadWriteMany ] || affinity="s|'\${{AFFINITY}}'|$(node_of_spare_pod)|"
  awk '
    found { print }
    /^objects:/ { found = 1; print "apiVersion: v1"; print "kind: List"; print "items:" }
  ' "openshift/$1" | sed \
    -e "s|\${NAME}|$NAME|g" \
    -e "s|\${NAMESPACE}|$NAMESPACE|g" \
    -e "s|\${BACKUP_NAMESPACE}|$NAMESPACE|g" \
    -e "s|\${BACKUP_NAMESPACES}|$(project_list "$PROJECTS" | awk '{ printf "%s%s", comma, $0; comma = "," }')|g" \
    -e "s|\${SCHEDULE}|$SCHEDULE|g" \
    -e "s|\${TIME_ZONE}|$TIME_ZONE|g" \
    -e "s|\${CAPACITY}|$CAPACITY|g" \
    -e "s|\${ACCESS_MODE}|$ACCESS_MODE|g" \
    -e "s|\${BACKUP_RETAIN_DAYS}|$RETAIN_DAYS|g" \
    -e "s|\${BACKUP_SECRETS}|$SECRETS|g" \
    -e "s|\${IMAGE}|$IMAGE|g" \
    -e "$storage_class" \
    -e "$affinity"
}

# fit_namespace: leaves out of a List what would change a namespace that others use too
fit_namespace() {
  awk -v state="$NAMESPACE_STATE" '
    function flush() { if (!(state == "shared" && object ~ /\n    kind: (Namespace|LimitRange|ResourceQuota)\n/)) printf "%s", object }
    /^  - / { flush(); object = "" }
    { object = object $0 "\n" }
    END { flush() }
  '
}

# With ReadWriteOnce every run goes to the node of the spare pod, as in components/read-write-once.
node_of_spare_pod() {
  printf '{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname",'
  printf '"labelSelector":{"matchLabels":{"app.kubernetes.io/name":"openshift-backup",'
  printf '"app.kubernetes.io/instance":"%s","app.kubernetes.io/component":"spare"}}}]}}' "$NAME"
}

# template_for MODE: the file for the whole cluster, or for projects
template_for() {
  case $PLATFORM/$1/$WITH_SECRETS in
    openshift/cluster/yes) say template.yml ;;
    openshift/cluster/no) say template-no-secret.yml ;;
    openshift/projects/*) say template-non-admin-job.yml ;;
    kubernetes/cluster/yes) say template-kubernetes.yml ;;
    kubernetes/cluster/no) say template-kubernetes-no-secret.yml ;;
    kubernetes/projects/*) say template-kubernetes-non-admin-job.yml ;;
    */binding/yes) say template-non-admin-binding.yml ;;
    */binding/no) say template-non-admin-binding-no-secret.yml ;;
  esac
}
