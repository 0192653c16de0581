#include "store/devices.h"

#include "span.h"

/* The names of the enumerations of a device record, from the lists in devices.h. */

typedef struct name {
    unsigned value;
    const char *text;
} name;

static const name states[] = {
#define X(symbol, value, name) {symbol, name},
    STORE_DEVICE_STATE_LIST(X)
#undef X
        {0, NULL},
};

static const name causes[] = {
#define X(symbol, value, name) {symbol, name},
    STORE_DEVICE_CAUSE_LIST(X)
#undef X
        {0, NULL},
};

static const name link_evidence[] = {
#define X(symbol, value, name) {symbol, name},
    STORE_LINK_EVIDENCE_LIST(X)
#undef X
        {0, NULL},
};

static const name trust_reasons[] = {
#define X(symbol, value, name) {symbol, name},
    STORE_TRUST_REASON_LIST(X)
#undef X
        {0, NULL},
};

static const name identifiers[] = {
#define X(symbol, value, name) {symbol, name},
    STORE_IDENTIFIER_LIST(X)
#undef X
        {0, NULL},
};

static const char *name_of(const name *list, unsigned value)
{
    for (; list->text; list++)
        if (list->value == value)
            return list->text;
    return "";
}

/* The value of that name; 0 where there is none. */
static unsigned value_of(const name *list, poa_span text)
{
    for (; list->text; list++)
        if (poa_span_is(text, list->text))
            return list->value;
    return 0;
}

const char *store_device_state_name(store_device_state state)
{
    return name_of(states, state);
}

bool store_device_state_by_name(poa_span text, store_device_state *state)
{
    const unsigned value = value_of(states, text);
    if (value != 0)
        *state = (store_device_state)value;
    return value != 0;
}

const char *store_device_cause_name(store_device_cause cause)
{
    return name_of(causes, cause);
}

const char *store_link_evidence_name(store_link_evidence evidence)
{
    return name_of(link_evidence, evidence);
}

const char *store_trust_reason_name(store_trust_reason reason)
{
    return name_of(trust_reasons, reason);
}

bool store_trust_reason_by_name(poa_span text, store_trust_reason *reason)
{
    const unsigned value = value_of(trust_reasons, text);
    if (value != 0)
        *reason = (store_trust_reason)value;
    return value != 0;
}

const char *store_identifier_name(store_identifier identifier)
{
    return name_of(identifiers, identifier);
}

bool store_identifier_by_name(poa_span text, store_identifier *identifier)
{
    const unsigned value = value_of(identifiers, text);
    if (value != 0)
        *identifier = (store_identifier)value;
    return value != 0;
}
