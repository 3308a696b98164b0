# Sourced: reads the settings and checks them, before anything looks at a cluster.
# The environment comes before the file exports, and that before the defaults.

LC_ALL=C
export LC_ALL

SETTINGS='OPENSHIFT_BACKUP_NAME OPENSHIFT_BACKUP_NAMESPACE OPENSHIFT_BACKUP_CAPACITY OPENSHIFT_BACKUP_SCHEDULE
OPENSHIFT_BACKUP_TIME_ZONE OPENSHIFT_BACKUP_RETAIN_DAYS OPENSHIFT_BACKUP_IMAGE OPENSHIFT_BACKUP_STORAGE_CLASS
OPENSHIFT_BACKUP_ACCESS_MODE OPENSHIFT_BACKUP_PROJECTS OPENSHIFT_BACKUP_BUILD OPENSHIFT_BACKUP_WAIT_SECONDS
BACKUP_SECRETS REMOVE_ARCHIVES YES PROJECT QUIESCE ROOT FORCE GUARD GUARD_MODE GUARD_IMAGES GUARD_CREATORS GUARD_ADMINISTRATORS'

say() {
  printf '%s\n' "$*"
}

# fail CODE MESSAGE: 2 wrong settings, 4 failed, 5 refused for safety
fail() {
  code=$1
  shift
  printf 'error: %s\n' "$*" >&2
  exit "$code"
}

load_settings() {
  set --
  for setting in $SETTINGS; do
    if awk 'BEGIN { exit !(ARGV[1] in ENVIRON) }' "$setting"; then
      set -- "$@" "$setting=$(awk 'BEGIN { printf "%s", ENVIRON[ARGV[1]] }' "$setting")"
    fi
  done
  # shellcheck source=/dev/null
  [ ! -f ./exports ] || . ./exports
  for setting in "$@"; do export "$setting"; done

  NAME=${OPENSHIFT_BACKUP_NAME:-openshift-backup}
  NAMESPACE=${OPENSHIFT_BACKUP_NAMESPACE:-cluster-backup}
  CAPACITY=${OPENSHIFT_BACKUP_CAPACITY:-2Gi}
  SCHEDULE=${OPENSHIFT_BACKUP_SCHEDULE:-15 0 * * *}
  TIME_ZONE=${OPENSHIFT_BACKUP_TIME_ZONE:-Etc/UTC}
  RETAIN_DAYS=${OPENSHIFT_BACKUP_RETAIN_DAYS:-7}
  IMAGE=${OPENSHIFT_BACKUP_IMAGE:-}
  STORAGE_CLASS=${OPENSHIFT_BACKUP_STORAGE_CLASS:-}
  ACCESS_MODE=${OPENSHIFT_BACKUP_ACCESS_MODE:-ReadWriteMany}
  PROJECTS=${OPENSHIFT_BACKUP_PROJECTS:-}
  BUILD=${OPENSHIFT_BACKUP_BUILD:-}
  WAIT_SECONDS=${OPENSHIFT_BACKUP_WAIT_SECONDS:-90}
  SECRETS=$(printf '%s' "${BACKUP_SECRETS:-true}" | awk '{ print tolower($0) }')
  REMOVE_ARCHIVES=${REMOVE_ARCHIVES:-}
  YES=${YES:-}
  # Of the targets volumes-allow and volumes-forbid, which check them.
  PROJECT=${PROJECT:-}
  QUIESCE=${QUIESCE:-no}
  ROOT=${ROOT:-yes}
  FORCE=${FORCE:-no}
  check_settings
}

check_settings() {
  # With "-manual-<time>" behind it, it still has to be the name of a Job; and a Service's begins with a letter.
  is_label "$NAME" 40 || wrong OPENSHIFT_BACKUP_NAME "$NAME" 'lower-case letters, digits and "-", at most 40 characters'
  case $NAME in [0-9]*) wrong OPENSHIFT_BACKUP_NAME "$NAME" 'a name that begins with a letter' ;; esac
  is_label "$NAMESPACE" 63 ||
    wrong OPENSHIFT_BACKUP_NAMESPACE "$NAMESPACE" 'lower-case letters, digits and "-", at most 63 characters'
  case $NAMESPACE in
    default | openshift | openshift-* | kube-*)
      wrong OPENSHIFT_BACKUP_NAMESPACE "$NAMESPACE" "a project of its own, not one of the cluster's" ;;
  esac
  is_quantity "$CAPACITY" || wrong OPENSHIFT_BACKUP_CAPACITY "$CAPACITY" 'a size such as 2Gi'
  is_schedule "$SCHEDULE" || wrong OPENSHIFT_BACKUP_SCHEDULE "$SCHEDULE" 'a cron expression such as "15 0 * * *"'
  is_time_zone "$TIME_ZONE" || wrong OPENSHIFT_BACKUP_TIME_ZONE "$TIME_ZONE" 'a time zone such as Europe/Berlin'
  is_number "$RETAIN_DAYS" 36500 || wrong OPENSHIFT_BACKUP_RETAIN_DAYS "$RETAIN_DAYS" 'a whole number from 0 to 36500'
  is_number "$WAIT_SECONDS" 3600 || wrong OPENSHIFT_BACKUP_WAIT_SECONDS "$WAIT_SECONDS" 'a whole number from 0 to 3600'
  [ -z "$IMAGE" ] || is_image "$IMAGE" || wrong OPENSHIFT_BACKUP_IMAGE "$IMAGE" 'the name of an image'
  [ -z "$STORAGE_CLASS" ] || is_subdomain "$STORAGE_CLASS" ||
    wrong OPENSHIFT_BACKUP_STORAGE_CLASS "$STORAGE_CLASS" 'the name of a storage class'
  case $ACCESS_MODE in
    ReadWriteMany | ReadWriteOnce) ;;
    *) wrong OPENSHIFT_BACKUP_ACCESS_MODE "$ACCESS_MODE" 'ReadWriteMany or ReadWriteOnce' ;;
  esac
  case $SECRETS in
    true | include | redact) WITH_SECRETS=yes ;;
    false | exclude) WITH_SECRETS=no ;;
    *) wrong BACKUP_SECRETS "$SECRETS" 'true or include, redact, false or exclude' ;;
  esac
  case $BUILD in
    '' | openshift | podman | docker | buildah) ;;
    *) wrong OPENSHIFT_BACKUP_BUILD "$BUILD" 'openshift, podman, docker or buildah' ;;
  esac
  PROJECTS=$(printf '%s\n' "$PROJECTS" | awk '{ gsub(/[,\t]/, " "); printf "%s ", $0 }')
  # Names and nothing else: no file of this folder stands for a "*".
  set -f
  for project in $PROJECTS; do
    is_label "$project" 63 || wrong OPENSHIFT_BACKUP_PROJECTS "$project" 'names of projects, separated by commas'
  done
  set +f
}

wrong() {
  fail 2 "$1 is \"$2\": give $3"
}

is_label() {
  case $1 in '' | *[!a-z0-9-]* | -* | *-) return 1 ;; esac
  [ "${#1}" -le "$2" ]
}

is_subdomain() {
  case $1 in '' | *[!a-z0-9.-]* | [.-]* | *[.-]) return 1 ;; esac
  [ "${#1}" -le 253 ]
}

is_image() {
  case $1 in *[!A-Za-z0-9._:/@-]* | [!A-Za-z0-9]* | *[!A-Za-z0-9]) return 1 ;; esac
}

is_number() {
  case $1 in '' | *[!0-9]* | ??????*) return 1 ;; esac
  [ "$1" -le "$2" ]
}

is_time_zone() {
  case $1 in '' | *[!A-Za-z0-9_+/-]* | Local | /* | */) return 1 ;; esac
  [ ! -d /usr/share/zoneinfo/Etc ] || [ -f "/usr/share/zoneinfo/$1" ]
}

# is_match TEXT PATTERN: the whole text, which is one line
is_match() {
  TEXT=$1 awk -v pattern="^($2)\$" 'BEGIN { exit !(ENVIRON["TEXT"] !~ /\n/ && ENVIRON["TEXT"] ~ pattern) }'
}

is_quantity() {
  is_match "$1" '[0-9]+([.][0-9]+)?([KMGTPE]i|[kMGTPE])?' && is_match "$1" '.*[1-9].*'
}

# As Kubernetes reads it: https://github.com/robfig/cron/blob/v3.0.1/parser.go#L218
is_schedule() {
  is_match "$1" '@(yearly|annually|monthly|weekly|daily|midnight|hourly)' && return
  is_match "$1" '[^@\n]+' || return
  TEXT=$1 awk '
    function number(text, field) {
      if (field == 4 && match("JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", toupper(text)) && length(text) == 3)
        return (RSTART - 1) % 3 == 0 ? (RSTART + 2) / 3 : -1
      if (field == 5 && match("SUNMONTUEWEDTHUFRISAT", toupper(text)) && length(text) == 3)
        return (RSTART - 1) % 3 == 0 ? (RSTART - 1) / 3 : -1
      return text ~ /^[0-9][0-9]?$/ ? text + 0 : -1
    }
    function is_part(text, field,   step, range, count, low, high) {
      count = split(text, step, "/")
      if (count > 2 || (count == 2 && step[2] !~ /^[1-9][0-9]?$/)) return 0
      if (step[1] == "*" || step[1] == "?") return 1
      count = split(step[1], range, "-")
      if (count < 1 || count > 2) return 0
      low = number(range[1], field)
      high = count == 2 ? number(range[2], field) : low
      return low >= minimum[field] && low <= high && high <= maximum[field]
    }
    BEGIN {
      split("0 0 1 1 0", minimum, " ")
      split("59 23 31 12 6", maximum, " ")
      if (ENVIRON["TEXT"] ~ /[^-A-Za-z0-9*?,\/ ]/ || split(ENVIRON["TEXT"], fields, " ") != 5) exit 1
      for (field = 1; field <= 5; field++) {
        count = split(fields[field], parts, ",")
        if (fields[field] ~ /,$/) exit 1
        for (part = 1; part <= count; part++) if (!is_part(parts[part], field)) exit 1
      }
    }'
}
