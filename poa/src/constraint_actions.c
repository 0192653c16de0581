#include "constraint.h"

#include "bounds.h"
#include "cleanup.h"
#include "constraint_list.h"
#include "guard.h"
#include "json.h"
#include "span.h"

/*
 * actions: what may be done. Inside: a subset. device_onboarding and administration have words of their own, a set as
 * bits; access takes any token, a list.
 */

static const char *const onboarding_names[] = {"onboard", "reestablish",  "replace", "suspend",
                                               "resume",  "decommission", "read"};
static const poa_words onboarding = {POA_COUNT(onboarding_names), onboarding_names};

static const char *const administration_names[] = {"revoke", "suspend", "resume", "approve", "audit"};
static const poa_words administration = {POA_COUNT(administration_names), administration_names};

static bool set_inside(const poa_value *child, const poa_value *parent)
{
    return !POA_GUARD(actions_set_widened, (child->number & ~parent->number) != 0);
}

static bool set_match(const poa_words *words, const poa_value *value, poa_span action)
{
    int64_t bit = 0;
    if (POA_GUARD(actions_unknown, !poa_words_find(words, action, &bit)))
        return false;
    return !POA_GUARD(actions_set_refused, (value->number & bit) == 0);
}

static json_t *asked(const poa_request *request)
{
    return poa_asked_text(request->action);
}

static poa_err onboarding_read(const json_t *json, poa_value *out)
{
    return poa_words_read(&onboarding, json, &out->number);
}

static bool onboarding_match(const poa_value *value, const poa_request *request)
{
    return set_match(&onboarding, value, request->action);
}

static void onboarding_show(const poa_value *value, poa_buf *b)
{
    poa_words_show(&onboarding, value->number, ", ", b);
}

const poa_constraint poa_constraint_onboarding_actions = {
    .name = "actions",
    .required = true,
    .widened = POA_E_ACTION_WIDENED,
    .refused = POA_E_ACTION_NOT_GRANTED,
    .read = onboarding_read,
    .inside = set_inside,
    .match = onboarding_match,
    .asked = asked,
    .show = onboarding_show,
};

static poa_err administration_read(const json_t *json, poa_value *out)
{
    return poa_words_read(&administration, json, &out->number);
}

static bool administration_match(const poa_value *value, const poa_request *request)
{
    return set_match(&administration, value, request->action);
}

static void administration_show(const poa_value *value, poa_buf *b)
{
    poa_words_show(&administration, value->number, ", ", b);
}

const poa_constraint poa_constraint_administration_actions = {
    .name = "actions",
    .required = true,
    .widened = POA_E_ACTION_WIDENED,
    .refused = POA_E_ACTION_NOT_GRANTED,
    .read = administration_read,
    .inside = set_inside,
    .match = administration_match,
    .asked = asked,
    .show = administration_show,
};

/* [a-z0-9_.:-]{1,64} */
static bool is_token(poa_span text)
{
    if (POA_GUARD(action_token_length, text.len < 1 || text.len > POA_ACCESS_TOKEN_MAX))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' || c == '-';
        if (POA_GUARD(action_token_chars, !plain))
            return false;
    }
    return true;
}

static bool token_read(const json_t *json, void *item)
{
    poa_span *token = item;
    *token = poa_json_span(json);
    return is_token(*token);
}

static bool token_inside(const void *child, const void *parent)
{
    return !POA_GUARD(actions_token_widened, !poa_list_same_span(child, parent));
}

static const poa_list tokens = {
    .max = POA_ACCESS_ACTIONS_MAX,
    .size = sizeof(poa_span),
    .read = token_read,
    .same = poa_list_same_span,
    .inside = token_inside,
    .show = poa_list_show_span,
};

static poa_err access_read(const json_t *json, poa_value *out)
{
    return poa_list_read(&tokens, json, out);
}

static bool access_inside(const poa_value *child, const poa_value *parent)
{
    return poa_list_inside(&tokens, child, parent);
}

static bool access_match(const poa_value *value, const poa_request *request)
{
    const poa_span *token = value->items;
    for (size_t i = 0; i < value->count; i++)
        if (!POA_GUARD(actions_token_refused, !poa_span_equal(token[i], request->action)))
            return true;
    return false;
}

static void access_show(const poa_value *value, poa_buf *b)
{
    poa_list_show(&tokens, value, b);
}

const poa_constraint poa_constraint_access_actions = {
    .name = "actions",
    .required = true,
    .widened = POA_E_ACTION_WIDENED,
    .refused = POA_E_ACTION_NOT_GRANTED,
    .read = access_read,
    .inside = access_inside,
    .match = access_match,
    .asked = asked,
    .show = access_show,
};
