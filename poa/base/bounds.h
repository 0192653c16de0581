#ifndef POA_BASE_BOUNDS_H
#define POA_BASE_BOUNDS_H

/* Every bound on hostile input, in one place. The numbers are the protocol's; the section follows each. */

#define POA_LINK_BYTES_MAX        8192             /* section 4 */
#define POA_CHAIN_BYTES_DEFAULT   16384            /* section 4 */
#define POA_CHAIN_BYTES_HARD      65536            /* section 4 */
#define POA_CHAIN_LINKS_DEFAULT   8                /* section 4 */
#define POA_CHAIN_LINKS_HARD      9                /* section 4 */
#define POA_JSON_DEPTH_MAX        16               /* section 4: the outermost value is level 1 */
#define POA_JSON_BYTES_MAX        1048576          /* any JSON document of ours; hostile JSON grows 81-fold in memory */
#define POA_SKEW_DEFAULT_S        30               /* section 4 */
#define POA_SKEW_HARD_S           300              /* section 4 */
#define POA_ID_BYTES              32               /* SHA-256: PoA ids and key thumbprints */
#define POA_ID_TEXT_LEN           43               /* the same, base64url */
#define POA_NAME_BYTES_MAX        256              /* identifiers, section 1 */
#define POA_LABEL_BYTES_MAX       128              /* principal_name, manufacturer, ..., sections 2 and 5.1 */
#define POA_AUDIENCES_MAX         8                /* section 2 */
#define POA_TRANSFERABLE_MAX      8                /* section 2 */
#define POA_JTI_CHARS_MIN         22               /* section 2 */
#define POA_JTI_CHARS_MAX         64               /* section 2 */
#define POA_POWERS_MAX            32               /* section 2 */
#define POA_TIME_MAX              9007199254740991 /* 2^53-1, section 2 */
#define POA_LOCATIONS_MAX         16               /* section 5.1 */
#define POA_LOCATION_SEGMENTS_MAX 8                /* section 5.1 */
#define POA_SEGMENT_BYTES_MAX     64               /* section 5.1 */
#define POA_SELECTORS_MAX         32               /* section 5.1 */
#define POA_DEVICES_COUNT_MAX     1000000000       /* max_devices, section 5.1 */
#define POA_CREDENTIAL_S_MIN      60               /* credential_lifetime, section 5.1 */
#define POA_HOURS_MAX             16               /* section 5.1 */
#define POA_NETWORKS_MAX          16               /* section 5.1 */
#define POA_SERIAL_BYTES_MAX      64               /* section 5.1 */
#define POA_ID_LINK_BYTES_MAX     255              /* section 5.1, IEC 61406 */
#define POA_ID_LINK_BYTES_ADVISED 100              /* IEC 61406: a longer one makes a code that is hard to read */
#define POA_ACCESS_ACTIONS_MAX    32               /* section 5.2 */
#define POA_ACCESS_TOKEN_MAX      64               /* section 5.2 */
#define POA_RESOURCES_MAX         32               /* section 5.2 */
#define POA_RSA_BITS_MIN          2048             /* section 2 */
#define POA_RSA_BITS_MAX          4096             /* section 2 */
#define POA_SIGNATURE_BYTES_MAX   512              /* RSA 4096 */
#define POA_STATEMENT_BYTES_MAX   131072           /* section 8: a chain, once more in base64url, and its claims */
#define POA_REVOCATIONS_BYTES_MAX 67108864         /* a file of statements, section 8 */
#define POA_PROOF_BYTES_MAX       8192             /* section 6: as a link */
#define POA_PROOF_TEXT_BYTES_MAX  256              /* jti and nonce of a proof */
#define POA_DEVICE_TOKEN_MAX      12288            /* section 10: with a CSR beside it, a line of 16 KiB */
#define POA_URL_BYTES_MAX         2048             /* htu, and what it is compared with */

#endif
