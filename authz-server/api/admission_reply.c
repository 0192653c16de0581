#include "api/admission.h"
#include "api/device_json.h"
#include "api/life.h"
#include "pem.h"
#include "span.h"

/* An agent that waits for an approval asks again after so many seconds. */
#define POLL_S "15"

static poa_err add_certificates(poa_buf *b, const store_device *device)
{
    POA_CLEANUP(poa_buf_clear) poa_buf pem = {0};
    for (size_t i = 0; i < device->certificate_count; i++) {
        poa_bytes one = {0};
        const poa_err err = poa_pem_write(POA_PEM_CERTIFICATE, device->certificates[i], &one);
        if (err)
            return err;
        poa_buf_add(&pem, poa_bytes_span(&one));
        poa_bytes_clear(&one);
    }
    poa_buf_text(b, ",\"certificate\":");
    poa_buf_json_text(b, poa_buf_span(&pem));
    return pem.failed ? POA_F_NOMEM : POA_OK;
}

poa_err api_admission_show(const store_device *device, poa_buf *members)
{
    poa_buf_text(members, "\"device\":");
    api_device_json(members, device);
    const poa_err err = add_certificates(members, device);
    return !err && members->failed ? POA_F_NOMEM : err;
}

void api_admission_show_waiting(const store_device *device, poa_buf *members)
{
    poa_buf_printf(members, "\"onboarding\":{\"id\":\"%s\",\"state\":\"pending\",\"until\":%lld}",
                   api_uuid_print(&device->id).chars, (long long)device->until_s);
}

void api_reply_onboarding(api_exchange *x, unsigned status, const poa_buf *members)
{
    if (status == 202)
        http_reply_header(x->request, "Retry-After", POA_SPAN(POLL_S));
    poa_buf body = {0};
    poa_buf_text(&body, "{");
    poa_buf_add(&body, poa_buf_span(members));
    poa_buf_text(&body, "}\n");
    api_reply_json(x, status, &body);
}

void api_admission_reply(const api_admission *a)
{
    api_exchange *x = a->x;
    if (a->status == 409) {
        (void)api_deny(x, POA_E_DEVICE_EXISTS, "/device");
        api_refuse(x);
        return;
    }
    POA_CLEANUP(poa_buf_clear) poa_buf location = {0};
    poa_buf_printf(&location, "/v1/%s/%s", a->status == 202 ? "onboardings" : "devices", x->device);
    http_reply_header(x->request, "Location", poa_buf_span(&location));
    api_reply_onboarding(x, a->status, &a->members);
}

/* No code of the protocol says this: it is about the device's state, not about what the asker may do. */
void api_reply_impossible(api_exchange *x, store_device_state state, const char *detail)
{
    poa_buf body = {0};
    poa_buf_printf(&body,
                   "{\"type\":\"about:blank\",\"status\":409,\"detail\":\"%s\",\"state\":\"%s\",\"allowed\":", detail,
                   store_device_state_name(state));
    api_life_next(state, &body);
    poa_buf_text(&body, ",\"request_id\":");
    poa_buf_json_text(&body, http_request_id(x->request));
    poa_buf_text(&body, "}");
    http_reply(x->request, 409, "application/problem+json", &body);
}
