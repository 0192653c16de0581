#ifndef STORE_TEXTS_H
#define STORE_TEXTS_H

#include "store/store.h"

/*
 * Table `texts`: chain texts and policy documents, each kept once, by its SHA-256.
 */

#define STORE_TEXT_BYTES_MAX 1048576

/**
 * store_text_put() - keep a text.
 * @text: 1 to STORE_TEXT_BYTES_MAX bytes
 * @id:   its SHA-256; may be NULL
 *
 * A text that is there already stays as it is.
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE.
 */
POA_MUST_USE poa_err store_text_put(store_txn *txn, poa_span text, poa_id *id);

/**
 * store_text_get() - the text with this SHA-256, which is computed again.
 * @text: borrowed from the transaction
 */
POA_MUST_USE poa_err store_text_get(store_txn *txn, const poa_id *id, poa_span *text, bool *found);

#endif
