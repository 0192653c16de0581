#include "constraint.h"

#include "cleanup.h"
#include "constraint_list.h"
#include "guard.h"
#include "json.h"
#include "span.h"

/*
 * evidence: what the verifier must have established about the device, as a set of enum poa_evidence; device_key is
 * always counted in, on every side. Absent is device_key alone. Inside: a superset.
 */

/* In the order of the bits of enum poa_evidence. */
static const char *const names[] = {"device_key", "idevid", "attestation", "approval"};
static const poa_words words = {POA_COUNT(names), names};

_Static_assert(POA_EVIDENCE_DEVICE_KEY == 1 && POA_EVIDENCE_IDEVID == 2 && POA_EVIDENCE_ATTESTATION == 4 &&
                   POA_EVIDENCE_APPROVAL == 8,
               "names follow the bits");

const char *poa_evidence_name(size_t i)
{
    return i < POA_COUNT(names) ? names[i] : NULL;
}

unsigned poa_evidence_by_name(poa_span name)
{
    for (unsigned i = 0; i < POA_COUNT(names); i++)
        if (poa_span_is(name, names[i]))
            return 1u << i;
    return 0;
}

static poa_err read(const json_t *json, poa_value *out)
{
    const poa_err err = poa_words_read(&words, json, &out->number);
    out->number |= POA_EVIDENCE_DEVICE_KEY;
    return err;
}

static bool inside(const poa_value *child, const poa_value *parent)
{
    return !POA_GUARD(evidence_weakened, (parent->number & ~child->number) != 0);
}

/* Who asks who made the device asks so of its label, too: else a label on another device would pass for the first. */
static bool label_holds(const poa_value *value, const poa_request *request)
{
    if (!(value->number & POA_EVIDENCE_IDEVID) || !request->device.id_link.ptr)
        return true;
    return !POA_GUARD(evidence_label, !request->id_link_vouched);
}

static bool match(const poa_value *value, const poa_request *request)
{
    if (!label_holds(value, request))
        return false;
    const int64_t established = (int64_t)request->evidence | POA_EVIDENCE_DEVICE_KEY;
    return !POA_GUARD(evidence_missing, (value->number & ~established) != 0);
}

static json_t *asked(const poa_request *request)
{
    POA_CLEANUP(poa_json_decrefp) json_t *list = json_array();
    for (size_t i = 0; i < POA_COUNT(names); i++) {
        const bool established = (request->evidence | POA_EVIDENCE_DEVICE_KEY) & 1u << i;
        if (established && json_array_append_new(list, json_string(names[i])) != 0)
            return NULL;
    }
    return POA_TAKE(list);
}

static void show(const poa_value *value, poa_buf *b)
{
    poa_words_show(&words, value->number, ", ", b);
}

const poa_constraint poa_constraint_evidence = {
    .name = "evidence",
    .fallback = "[\"device_key\"]",
    .fallback_number = POA_EVIDENCE_DEVICE_KEY,
    .widened = POA_E_EVIDENCE_WEAKENED,
    .refused = POA_E_EVIDENCE_MISSING,
    .read = read,
    .inside = inside,
    .match = match,
    .asked = asked,
    .show = show,
};
