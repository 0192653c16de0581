#include "claims.h"

#include "bounds.h"
#include "guard.h"
#include "json.h"
#include "span.h"

#include <string.h>

bool poa_claim_present(const poa_claims *c, const char *name)
{
    return json_object_get(c->body, name) != NULL;
}

void poa_claim_refuse(poa_claims *c, poa_err code, const char *name)
{
    if (c->err)
        return;
    c->err = poa_deny(c->why, code, c->hop, "/%s", name);
    poa_reason_values(c->why, NULL, json_object_get(c->body, name), NULL);
}

/* The value of a claim that is still to be read, or NULL: absent, or an earlier one was refused. */
static const json_t *next(poa_claims *c, const char *name, enum poa_claim_need need)
{
    if (c->err)
        return NULL;
    const json_t *value = json_object_get(c->body, name);
    if (POA_GUARD(claim_required, !value && need == POA_CLAIM_REQUIRED))
        poa_claim_refuse(c, POA_E_CLAIM_MISSING, name);
    return value;
}

void poa_claim_text(poa_claims *c, const char *name, enum poa_claim_need need, size_t max, poa_span *out)
{
    const json_t *value = next(c, name, need);
    if (!value)
        return;
    const poa_span text = poa_json_span(value);
    if (POA_GUARD(claim_text, !poa_span_is_text(text, max))) {
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, name);
        return;
    }
    *out = text;
}

void poa_claim_int(poa_claims *c, const char *name, enum poa_claim_need need, int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = next(c, name, need);
    if (!value)
        return;
    const bool fits = poa_json_int(value, min, max, out);
    if (POA_GUARD(claim_number, !fits))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, name);
}

void poa_claim_time(poa_claims *c, const char *name, enum poa_claim_need need, int64_t *out)
{
    poa_claim_int(c, name, need, 0, POA_TIME_MAX, out);
}

/* Characters are what is asked, not an encoding: whoever makes a jti may draw them one by one. */
static bool is_jti(poa_span text)
{
    if (text.len < POA_JTI_CHARS_MIN || text.len > POA_JTI_CHARS_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char ch = text.ptr[i];
        const bool letter = (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z');
        if (!letter && !(ch >= '0' && ch <= '9') && ch != '-' && ch != '_')
            return false;
    }
    return true;
}

void poa_claim_jti(poa_claims *c, const char *name, enum poa_claim_need need, poa_span *out)
{
    const json_t *value = next(c, name, need);
    if (!value)
        return;
    const poa_span text = poa_json_span(value);
    if (POA_GUARD(claim_jti, !is_jti(text))) {
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, name);
        return;
    }
    *out = text;
}

void poa_claim_id(poa_claims *c, const char *name, enum poa_claim_need need, poa_id *out)
{
    const json_t *value = next(c, name, need);
    if (!value)
        return;
    const bool fits = poa_id_parse(poa_json_span(value), out);
    if (POA_GUARD(claim_id, !fits))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, name);
}

void poa_claim_word(poa_claims *c, const char *name, enum poa_claim_need need, const char *const *words, size_t count,
                    size_t *out)
{
    const json_t *value = next(c, name, need);
    if (!value)
        return;
    const poa_span text = poa_json_span(value);
    for (size_t i = 0; i < count; i++) {
        if (!poa_span_is(text, words[i]))
            continue;
        *out = i;
        return;
    }
    if (POA_GUARD(claim_word, true))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, name);
}

static bool holds(const poa_span *list, size_t len, poa_span text)
{
    for (size_t i = 0; i < len; i++)
        if (poa_span_equal(list[i], text))
            return true;
    return false;
}

/* One identifier stands for an array of one. */
static bool read_audience(const json_t *value, poa_span *aud, size_t *len)
{
    const bool one = json_is_string(value);
    const size_t count = one ? 1 : json_array_size(value);
    if (count > POA_AUDIENCES_MAX) /* no guard: aud has no room for more */
        return false;
    if (POA_GUARD(claim_audience_empty, count == 0))
        return false;
    for (size_t i = 0; i < count; i++) {
        const poa_span entry = poa_json_span(one ? value : json_array_get(value, i));
        if (POA_GUARD(claim_audience_entry, !poa_span_is_identifier(entry)))
            return false;
        if (POA_GUARD(claim_audience_duplicate, holds(aud, i, entry)))
            return false;
        aud[i] = entry;
    }
    *len = count;
    return true;
}

void poa_claim_audience(poa_claims *c, enum poa_claim_need need, poa_span *aud, size_t *len)
{
    const json_t *value = next(c, "aud", need);
    if (value && !read_audience(value, aud, len))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, "aud");
}

static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

void poa_claims_close(poa_claims *c, const char *const *names)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)c->body, name, value)
    {
        if (!c->err && POA_GUARD(claim_foreign, !is_among(name, names)))
            c->err = poa_deny_name(c->why, POA_E_CLAIM_FORBIDDEN, c->hop, "", name);
    }
}
