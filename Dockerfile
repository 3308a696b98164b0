# One image for the nightly run, the spare pod and the copying of volumes. It builds on UBI and on Debian:
#   podman build -t openshift-backup .
#   podman build -t openshift-backup --build-arg BUILD_IMAGE=docker.io/library/node:24-slim --build-arg BASE_IMAGE=docker.io/library/node:24-slim .
# Red Hat supports the latest release of UBI alone, hence no version here; give a digest for a build that can be
# repeated. Node.js, npm and tar are in this image:
# https://github.com/sclorg/s2i-nodejs-container/blob/7b5fc34cd1988c79d9dd417488d4d9486139a818/24-minimal/Dockerfile.rhel9
ARG BUILD_IMAGE=registry.access.redhat.com/ubi9/nodejs-24-minimal:latest
ARG BASE_IMAGE=registry.access.redhat.com/ubi9/nodejs-24-minimal:latest

FROM ${BUILD_IMAGE} AS build
USER 0
WORKDIR /build
# First what changes seldom, so that a change of the sources doesn't install everything anew.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY LICENSE tsconfig.json rolldown.config.ts ./
COPY src src
# Laid out as it will lie in the image, with rights that need no certain user, whatever the umask was here.
RUN npm run build \
 && mkdir -p /image/opt/openshift-backup /image/usr/local/bin /image/usr/libexec /image/licenses /image/openshift-backup \
 && mv dist /image/opt/openshift-backup/dist \
 && cp LICENSE /image/licenses/openshift-backup \
 && ln -s /opt/openshift-backup/dist/main.js /image/usr/local/bin/openshift-backup \
 && ln -s /opt/openshift-backup/dist/backuper.js /image/usr/libexec/backuper \
 && chmod -R u=rwX,g=rX,o=rX /image \
 && chmod 0755 /image/opt/openshift-backup/dist/main.js /image/opt/openshift-backup/dist/backuper.js \
 && chmod 0775 /image/openshift-backup

FROM ${BASE_IMAGE}
USER 0
# tar for "oc cp", the others for copies of volumes, each with the package that has it; both families of Linux call
# these packages the same. Node.js is found at one place, also without a PATH.
RUN set -eu; \
    missing=; \
    for program in tar:tar rsync:rsync find:findutils getfattr:attr setfacl:acl flock:util-linux; do \
      command -v "${program%:*}" >/dev/null || missing="$missing ${program#*:}"; \
    done; \
    [ -e /etc/pki/tls/certs/ca-bundle.crt ] || [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"; \
    if [ -z "$missing" ]; then echo 'Nothing to install'; \
    elif command -v microdnf >/dev/null; then \
      microdnf -y --nodocs --setopt=install_weak_deps=0 install $missing; \
      microdnf clean all; \
    elif command -v dnf >/dev/null; then \
      dnf -y --nodocs --setopt=install_weak_deps=0 install $missing; \
      dnf clean all; \
    elif command -v apt-get >/dev/null; then \
      apt-get update; \
      DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; \
      apt-get clean; \
      rm -rf /var/lib/apt/lists/*; \
    else echo "This base image lacks$missing, and has none of microdnf, dnf and apt-get to install it" >&2; exit 1; \
    fi; \
    [ -x /usr/bin/node ] || ln -s "$(command -v node)" /usr/bin/node; \
    case "$(node --version)" in v24.*) ;; *) echo 'The base image must have Node.js 24' >&2; exit 1;; esac
COPY --from=build /image/ /

# The version of package.json; a test holds the two together.
ARG VERSION=0.1.0
ARG SUMMARY="Writes down every night what every object of a cluster is configured to be"
ARG DESCRIPTION="Exports the objects of an OpenShift or Kubernetes cluster, per project and as clean JSON, into one verified zip a night, which shows what changed since the night before."
# All that UBI says of itself in labels is said anew, or it would be said of this image. It builds nothing.
LABEL name="openshift-backup" \
      version="${VERSION}" \
      release="1" \
      vendor="openshift-backup" \
      maintainer="openshift-backup" \
      summary="${SUMMARY}" \
      description="${DESCRIPTION}" \
      help="openshift-backup --help" \
      com.redhat.component="openshift-backup" \
      io.k8s.display-name="openshift-backup" \
      io.k8s.description="${DESCRIPTION}" \
      io.openshift.tags="backup,export,audit" \
      io.openshift.expose-services="8080:http" \
      io.openshift.non-scalable="true" \
      io.openshift.s2i.scripts-url="" \
      io.s2i.scripts-url="" \
      org.opencontainers.image.title="openshift-backup" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.description="${DESCRIPTION}" \
      org.opencontainers.image.licenses="MIT"

# UBI's home and the first folders of its PATH are open to writing for every user of group 0.
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/
WORKDIR /
EXPOSE 8080
# On OpenShift any user id may come instead; its group is always 0.
USER 1001
ENTRYPOINT []
CMD ["openshift-backup", "run"]
