#ifndef POA_PKI_PEM_H
#define POA_PKI_PEM_H

#include "pki.h"

/*
 * PEM (RFC 7468), the strict form: a BEGIN line, lines of 1 to 76 base64 characters, an END line with the same label,
 * each ended by LF or CRLF (the very last one may lack it). Stricter than the RFC's parsers: no text before, between
 * or behind the blocks, no blank within a line, canonical padding, no header lines (RFC 1421), so no key that is
 * encrypted the old way.
 */

#define POA_PEM_CERTIFICATE   "CERTIFICATE"
#define POA_PEM_CSR           "CERTIFICATE REQUEST"
#define POA_PEM_KEY           "PRIVATE KEY"
#define POA_PEM_ENCRYPTED_KEY "ENCRYPTED PRIVATE KEY"

/* Does text begin as PEM does? DER never does. */
bool poa_pem_begins(poa_span text);

/**
 * poa_pem_next() - take the first block off text.
 * @text:  stepped over the block on POA_OK only
 * @max:   the most bytes that the block may hold, decoded
 * @label: what stands behind BEGIN; borrowed from the text
 * @der:   the decoded bytes, at least one; the caller ends them with poa_bytes_clear()
 *
 * Return: POA_OK, POA_E_MALFORMED, POA_E_TOO_LARGE, POA_F_NOMEM.
 */
POA_MUST_USE poa_err poa_pem_next(poa_span *text, size_t max, poa_span *label, poa_bytes *der);

/**
 * poa_pem_one() - decode a text that is one block with the given label and nothing else.
 *
 * Return: as poa_pem_next(); another label and anything behind the block are POA_E_MALFORMED.
 */
POA_MUST_USE poa_err poa_pem_one(poa_span text, const char *label, size_t max, poa_bytes *der);

/**
 * poa_pem_write() - the PEM text of one block, lines of 64 characters.
 * @pem: the text; the caller ends it with poa_bytes_clear(). Its size is fixed before a byte is written, so that a
 *       private key leaves no copy behind
 *
 * Return: POA_OK, POA_F_NOMEM.
 */
POA_MUST_USE poa_err poa_pem_write(const char *label, poa_span der, poa_bytes *pem);

#endif
