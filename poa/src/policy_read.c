#include "policy_read.h"

#include "cleanup.h"
#include "json.h"
#include "span.h"

#include <assert.h>
#include <string.h>

poa_members poa_members_of(const json_t *body, const char *path, poa_reason *why)
{
    poa_members m = {.body = body, .path = path, .why = why};
    if (!json_is_object(body))
        m.err = poa_deny(why, POA_E_CLAIM_TYPE, POA_HOP_NONE, "%s", path);
    return m;
}

void poa_members_refuse(poa_members *m, poa_err code, const char *name)
{
    m->err = poa_deny_name(m->why, code, POA_HOP_NONE, m->path, name);
}

const json_t *poa_members_take(poa_members *m, const char *name, bool required)
{
    if (m->err)
        return NULL;
    assert(m->asked_len < POA_COUNT(m->asked));
    m->asked[m->asked_len++] = name;
    const json_t *value = json_object_get(m->body, name);
    if (!value && required)
        poa_members_refuse(m, POA_E_CLAIM_MISSING, name);
    return value;
}

/* Refuse a value and show it. */
static void refuse_value(poa_members *m, const json_t *value, const char *name)
{
    poa_members_refuse(m, POA_E_CLAIM_TYPE, name);
    poa_reason_values(m->why, NULL, value, NULL);
}

void poa_members_text(poa_members *m, const char *name, bool required, size_t max, poa_span *out)
{
    const json_t *value = poa_members_take(m, name, required);
    if (!value)
        return;
    const poa_span text = poa_json_span(value);
    if (!poa_span_is_text(text, max))
        refuse_value(m, value, name);
    else
        *out = text;
}

void poa_members_int(poa_members *m, const char *name, int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = poa_members_take(m, name, false);
    if (value && !poa_json_int(value, min, max, out))
        refuse_value(m, value, name);
}

void poa_members_word(poa_members *m, const char *name, const char *const *words, size_t count, unsigned *out)
{
    const json_t *value = poa_members_take(m, name, false);
    if (!value)
        return;
    for (unsigned i = 0; i < count; i++) {
        if (poa_span_is(poa_json_span(value), words[i])) {
            *out = i;
            return;
        }
    }
    refuse_value(m, value, name);
}

const json_t *poa_members_array(poa_members *m, const char *name, bool required, size_t min, size_t max)
{
    const json_t *value = poa_members_take(m, name, required);
    if (!value)
        return NULL;
    const size_t count = json_array_size(value);
    if (!json_is_array(value) || count < min || count > max) {
        poa_members_refuse(m, POA_E_CLAIM_TYPE, name);
        return NULL;
    }
    return value;
}

const json_t *poa_members_object(poa_members *m, const char *name)
{
    const json_t *value = poa_members_take(m, name, false);
    if (!value)
        return NULL;
    if (!json_is_object(value)) {
        poa_members_refuse(m, POA_E_CLAIM_TYPE, name);
        return NULL;
    }
    return value;
}

static bool was_asked(const poa_members *m, const char *name)
{
    for (size_t i = 0; i < m->asked_len; i++)
        if (strcmp(m->asked[i], name) == 0)
            return true;
    return false;
}

poa_err poa_members_end(poa_members *m)
{
    if (m->err)
        return m->err;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)m->body, name, value)
    {
        if (!was_asked(m, name)) {
            poa_members_refuse(m, POA_E_CLAIM_FORBIDDEN, name);
            return m->err;
        }
    }
    return POA_OK;
}
