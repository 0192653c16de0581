#include "constraint_list.h"

#include "guard.h"
#include "json.h"
#include "span.h"

#include <stdlib.h>

static const void *item_at(const poa_list *list, const poa_value *value, size_t i)
{
    return (const char *)value->items + i * list->size;
}

/* Does item i stand among the items before it? */
static bool stands_before(const poa_list *list, const poa_value *value, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (list->same(item_at(list, value, k), item_at(list, value, i)))
            return true;
    return false;
}

poa_err poa_list_read(const poa_list *list, const json_t *json, poa_value *out)
{
    const size_t count = json_array_size(json); /* 0 for what is no array */
    if (POA_GUARD(list_empty, count == 0))
        return POA_E_POWER_INVALID;
    if (POA_GUARD(list_too_long, count > list->max))
        return POA_E_POWER_INVALID;

    out->items = calloc(count, list->size);
    if (!out->items)
        return POA_F_NOMEM;
    for (size_t i = 0; i < count; i++) {
        if (!list->read(json_array_get(json, i), (char *)out->items + i * list->size))
            return POA_E_POWER_INVALID;
        if (POA_GUARD(list_duplicate, stands_before(list, out, i)))
            return POA_E_POWER_INVALID;
        out->count++;
    }
    return POA_OK;
}

static bool inside_one(const poa_list *list, const void *child, const poa_value *parent)
{
    for (size_t i = 0; i < parent->count; i++)
        if (list->inside(child, item_at(list, parent, i)))
            return true;
    return false;
}

bool poa_list_inside(const poa_list *list, const poa_value *child, const poa_value *parent)
{
    for (size_t i = 0; i < child->count; i++)
        if (!inside_one(list, item_at(list, child, i), parent))
            return false;
    return true;
}

void poa_list_show(const poa_list *list, const poa_value *value, poa_buf *b)
{
    for (size_t i = 0; i < value->count; i++) {
        if (i > 0)
            poa_buf_text(b, ", ");
        list->show(item_at(list, value, i), b);
    }
}

bool poa_list_same_span(const void *a, const void *b)
{
    return poa_span_equal(*(const poa_span *)a, *(const poa_span *)b);
}

void poa_list_show_span(const void *item, poa_buf *b)
{
    poa_buf_add(b, *(const poa_span *)item);
}

json_t *poa_asked_text(poa_span text)
{
    return text.ptr ? json_stringn(text.ptr, text.len) : NULL;
}

bool poa_words_find(const poa_words *words, poa_span name, int64_t *bit)
{
    for (size_t i = 0; i < words->count; i++)
        if (poa_span_is(name, words->names[i])) {
            *bit = INT64_C(1) << i;
            return true;
        }
    return false;
}

poa_err poa_words_read(const poa_words *words, const json_t *json, int64_t *set)
{
    const size_t count = json_array_size(json);
    if (POA_GUARD(words_empty, count == 0))
        return POA_E_POWER_INVALID;

    int64_t found = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t bit = 0;
        if (POA_GUARD(words_unknown, !poa_words_find(words, poa_json_span(json_array_get(json, i)), &bit)))
            return POA_E_POWER_INVALID;
        if (POA_GUARD(words_duplicate, (found & bit) != 0))
            return POA_E_POWER_INVALID;
        found |= bit;
    }
    *set = found;
    return POA_OK;
}

void poa_words_show(const poa_words *words, int64_t set, const char *sep, poa_buf *b)
{
    bool first = true;
    for (size_t i = 0; i < words->count; i++) {
        if (!(set & INT64_C(1) << i))
            continue;
        if (!first)
            poa_buf_text(b, sep);
        poa_buf_text(b, words->names[i]);
        first = false;
    }
}
