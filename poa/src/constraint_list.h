#ifndef POA_SRC_CONSTRAINT_LIST_H
#define POA_SRC_CONSTRAINT_LIST_H

#include "constraint.h"

/* What constraints that are lists have in common: 1 to max items, none twice; each of the child's is inside one of the
 * parent's. */

/**
 * poa_list - a kind of list.
 * @max:    most items
 * @size:   bytes of an item
 * @read:   read one item, which may borrow from json; false when it is wrong
 * @same:   are both the same item, however spelled?
 * @inside: does child lie inside parent?
 * @show:   write an item for people
 */
typedef struct poa_list {
    size_t max;
    size_t size;
    bool (*read)(const json_t *json, void *item);
    bool (*same)(const void *a, const void *b);
    bool (*inside)(const void *child, const void *parent);
    void (*show)(const void *item, poa_buf *b);
} poa_list;

POA_MUST_USE poa_err poa_list_read(const poa_list *list, const json_t *json, poa_value *out);
bool poa_list_inside(const poa_list *list, const poa_value *child, const poa_value *parent);
/* Items separated by ", ". */
void poa_list_show(const poa_list *list, const poa_value *value, poa_buf *b);

/* For lists of spans: same and show. */
bool poa_list_same_span(const void *a, const void *b);
void poa_list_show_span(const void *item, poa_buf *b);

/* A text of a request as JSON; NULL when it is not stated, or no UTF-8. */
json_t *poa_asked_text(poa_span text);

/* The words that a set is made of; bit i stands for names[i]. At most 32. */
typedef struct poa_words {
    size_t count;
    const char *const *names;
} poa_words;

/* Which word is this? False when none, *bit untouched. */
POA_MUST_USE bool poa_words_find(const poa_words *words, poa_span name, int64_t *bit);
/* A non-empty array of words, none twice. POA_OK, POA_E_POWER_INVALID. */
POA_MUST_USE poa_err poa_words_read(const poa_words *words, const json_t *json, int64_t *set);
/* The words of a set, in the order of words, separated by sep. */
void poa_words_show(const poa_words *words, int64_t set, const char *sep, poa_buf *b);

#endif
