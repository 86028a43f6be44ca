# All images come from here, one stage each. The programs and the certificates are made
# outside: bin/images.sh lays them into the build context.
FROM scratch AS base
COPY ca-certificates.crt /etc/ssl/certs/
ENV PATH=/ JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1
USER 65532:65532
EXPOSE 8080 9779

FROM base AS customer
COPY customer /
ENV JAEGER_SERVICE_NAME=customer
ENTRYPOINT ["/customer"]

FROM base AS preference
COPY preference /
ENV JAEGER_SERVICE_NAME=preference
ENTRYPOINT ["/preference"]

FROM base AS recommendation
COPY recommendation /
ARG VERSION
ENV JAEGER_SERVICE_NAME=recommendation VERSION=$VERSION
ENTRYPOINT ["/recommendation"]

FROM base AS egress
COPY egress /
ARG NAME
ARG EGRESS_URL
ENV JAEGER_SERVICE_NAME=$NAME EGRESS_URL=$EGRESS_URL
ENTRYPOINT ["/egress"]
