# A static binary and nothing else; with `docker build --target encoders .` also the programs that make MP3 and Opus. The base is named by the digest of its index of all platforms, since a tag can be moved;
# `docker buildx imagetools inspect golang:1.26.8` prints it.
FROM golang:1.26.8@sha256:3c3e25a4da13fd0478eed2df1eb35a0e667094a7124d3993a6a1d30f71c17e79 AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY client/go.mod client/go.sum client/
RUN go mod download
COPY . .
# The repository is not part of the context, so that the build is told what it is built from:
#   docker build --build-arg VERSION=v0.1.0 --build-arg REVISION=$(git rev-parse HEAD) .
ARG VERSION=
ARG REVISION=
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false \
      -ldflags="-s -w -X main.stampedVersion=$VERSION -X main.stampedRevision=$REVISION" -o /relay ./cmd/relay \
    && mkdir /data /scratch && chmod 1777 /scratch

FROM scratch AS relay
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /relay /relay
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build /scratch /tmp
USER 65532:65532
VOLUME /data
EXPOSE 8080
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="voicerelay" \
      org.opencontainers.image.description="A relay between voice agents and text-to-speech vendors" \
      org.opencontainers.image.source="https://github.com/voicerelay/voicerelay" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 \
  CMD ["/relay", "ready", "-config", "/etc/relay/config.yaml"]
ENTRYPOINT ["/relay"]
CMD ["serve", "-config", "/etc/relay/config.yaml"]

# The encoders with what they are linked with, and nothing else of their distribution. A later build may get later versions.
FROM golang:1.26.8@sha256:3c3e25a4da13fd0478eed2df1eb35a0e667094a7124d3993a6a1d30f71c17e79 AS programs
RUN apt-get update && apt-get install -y --no-install-recommends lame ffmpeg \
    && mkdir /programs && for program in /usr/bin/lame /usr/bin/ffmpeg; do \
      echo "$program"; ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// {print $3} $1 ~ /^\// {print $1}'; \
    done | sort -u | xargs cp --parents --dereference --target-directory=/programs

FROM relay AS encoders
COPY --from=programs /programs /
ENV PATH=/usr/bin
LABEL org.opencontainers.image.licenses="Apache-2.0 AND LGPL-2.0-or-later AND GPL-2.0-or-later"

# What is built where no target is named.
FROM relay
