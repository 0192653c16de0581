#include "constraint.h"

#include "cleanup.h"
#include "guard.h"
#include "json.h"
#include "power.h"
#include "span.h"

/*
 * What becomes of devices when a grant ends. effect: do their credentials end with it (until_exp, where absent), or go
 * on? Inside: permanent only under permanent. on_revoke: stop_new < review (where absent) < cascade. Inside: not
 * weaker.
 */

static const char *const effects[] = {[POA_EFFECT_UNTIL_EXP] = "until_exp", [POA_EFFECT_PERMANENT] = "permanent"};

static const char *const on_revokes[] = {
    [POA_ON_REVOKE_STOP_NEW] = "stop_new", [POA_ON_REVOKE_REVIEW] = "review", [POA_ON_REVOKE_CASCADE] = "cascade"};

const char *poa_effect_name(enum poa_effect effect)
{
    return effects[effect];
}

const char *poa_on_revoke_name(enum poa_on_revoke on_revoke)
{
    return on_revokes[on_revoke];
}

/* Which name is it? False when none, *level untouched. */
static bool find(const char *const *names, size_t count, poa_span text, int64_t *level)
{
    for (size_t i = 0; i < count; i++)
        if (poa_span_is(text, names[i])) {
            *level = (int64_t)i;
            return true;
        }
    return false;
}

bool poa_on_revoke_parse(poa_span text, enum poa_on_revoke *out)
{
    int64_t level = 0;
    if (!find(on_revokes, POA_COUNT(on_revokes), text, &level))
        return false;
    *out = (enum poa_on_revoke)level;
    return true;
}

static poa_err effect_read(const json_t *json, poa_value *out)
{
    if (POA_GUARD(effect_unknown, !find(effects, POA_COUNT(effects), poa_json_span(json), &out->number)))
        return POA_E_POWER_INVALID;
    return POA_OK;
}

static bool effect_inside(const poa_value *child, const poa_value *parent)
{
    return !POA_GUARD(effect_widened, child->number > parent->number);
}

static void effect_show(const poa_value *value, poa_buf *b)
{
    poa_buf_text(b, effects[value->number]);
}

const poa_constraint poa_constraint_effect = {
    .name = "effect",
    .fallback = "\"until_exp\"",
    .fallback_number = POA_EFFECT_UNTIL_EXP,
    .widened = POA_E_LIMIT_WIDENED,
    .read = effect_read,
    .inside = effect_inside,
    .show = effect_show,
};

static poa_err on_revoke_read(const json_t *json, poa_value *out)
{
    if (POA_GUARD(on_revoke_unknown, !find(on_revokes, POA_COUNT(on_revokes), poa_json_span(json), &out->number)))
        return POA_E_POWER_INVALID;
    return POA_OK;
}

static bool on_revoke_inside(const poa_value *child, const poa_value *parent)
{
    return !POA_GUARD(on_revoke_weakened, child->number < parent->number);
}

static void on_revoke_show(const poa_value *value, poa_buf *b)
{
    poa_buf_text(b, on_revokes[value->number]);
}

const poa_constraint poa_constraint_on_revoke = {
    .name = "on_revoke",
    .fallback = "\"review\"",
    .fallback_number = POA_ON_REVOKE_REVIEW,
    .widened = POA_E_LIMIT_WIDENED,
    .read = on_revoke_read,
    .inside = on_revoke_inside,
    .show = on_revoke_show,
};
