#ifndef POA_PKI_SAN_H
#define POA_PKI_SAN_H

#include "pki.h"

/* Bytes of one URI in a subjectAltName that we read: as much as of any URL. */
#define POA_SAN_URI_BYTES_MAX 2048
/* Characters of a UUID (RFC 9562 section 4). */
#define POA_UUID_LEN 36
#define POA_URN_UUID "urn:uuid:"

/* What a URI in a certificate's subjectAltName names. */
typedef enum poa_san_kind {
    POA_SAN_ID_LINK, /* an identification link (IEC 61406): what poa_id_link_is_valid() takes */
    POA_SAN_PRODUCT, /* OPC UA's ProductInstanceUri (OPC 10000-21): any other absolute URI, an http(s) one too */
    POA_SAN_SPIFFE,  /* a SPIFFE ID of a workload: trust domain and path */
    POA_SAN_DEVICE,  /* urn:uuid: and a UUID in lower case: a device's identifier with us */
    POA_SAN_OTHER,   /* no absolute URI; or one that begins as the two above and breaks their rules */
} poa_san_kind;

/* 1 to POA_SAN_URI_BYTES_MAX bytes of printable ASCII without blanks: what a URI is made of, and a little more. */
bool poa_san_is_uri_text(poa_span uri);

/* Each text is of exactly one kind. */
poa_san_kind poa_san_kind_of(poa_span uri);

#endif
