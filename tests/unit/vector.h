#ifndef POA_TEST_VECTOR_H
#define POA_TEST_VECTOR_H

/* One vector of tests/vectors (see the README there), decided by the library's public calls. */

#include "poa/context.h"
#include "poa/reason.h"

#include <jansson.h>
#include <stdbool.h>

/**
 * vector_decide() - what the library says to a vector.
 * @policies: the file's policies by name
 * @vector:   an object as schema.json has it; a member that is not as it says fails the test
 * @ids_ok:   set to whether the links' ids are those that the vector expects, where it expects some
 *
 * Return: the whole reason; code POA_OK is permit. A fault is told by its code.
 */
poa_reason vector_decide(const poa_ctx *ctx, const json_t *policies, const json_t *vector, bool *ids_ok);

#endif
