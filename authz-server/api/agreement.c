#include "api/agreement.h"

#include "guard.h"
#include "reason.h"
#include "span.h"

static void add_pair(poa_buf *b, const char *member, const api_said *one, const api_said *other)
{
    poa_buf_printf(b, "%s{\"member\":\"%s\",\"sources\":[\"%s\",\"%s\"],\"values\":[", b->len > 0 ? "," : "", member,
                   one->source, other->source);
    poa_buf_json_text(b, one->value);
    poa_buf_text(b, ",");
    poa_buf_json_text(b, other->value);
    poa_buf_text(b, "]}");
}

static bool differ(const api_said *one, const api_said *other)
{
    return one->value.len > 0 && other->value.len > 0 &&
           POA_GUARD(sources_disagree, !poa_span_equal(one->value, other->value));
}

void api_agree(api_agreement *g, const char *member, const api_said *said, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            if (!differ(&said[i], &said[j]))
                continue;
            add_pair(&g->conflicts, member, &said[i], &said[j]);
            if (!g->first)
                g->first = member;
        }
    }
}

poa_err api_agreement_end(api_agreement *g, api_exchange *x)
{
    const char *first = g->first;
    if (!first) {
        poa_buf_clear(&g->conflicts);
        return POA_OK;
    }
    poa_buf_clear(&x->more);
    poa_buf_text(&x->more, "\"conflicts\":[");
    poa_buf_add(&x->more, poa_buf_span(&g->conflicts));
    poa_buf_text(&x->more, "]");
    const bool failed = g->conflicts.failed || x->more.failed;
    *g = (api_agreement){.conflicts = g->conflicts};
    poa_buf_clear(&g->conflicts);
    if (failed)
        return api_deny(x, POA_F_NOMEM, "");
    (void)snprintf(x->detail, sizeof x->detail, "sources name different devices");
    x->code = poa_deny(&x->why, POA_E_IDENTITY_MISMATCH, POA_HOP_NONE, "/device/%s", first);
    return x->code;
}
