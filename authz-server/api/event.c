#include "api/event.h"

#include "cleanup.h"
#include "span.h"
#include "store/events.h"

#include <stdarg.h>
#include <stdio.h>

static poa_err append(const api_service *service, store_txn *txn, const char *kind, const store_device *device,
                      poa_span data)
{
    store_event event = {.time_s = api_now(service), .kind = poa_span_of(kind), .data = data};
    if (device) {
        event.device = device->id;
        event.location = device->location;
    }
    return store_event_append(txn, &event, NULL);
}

poa_err api_event_members(const api_service *service, store_txn *txn, const char *kind, const store_device *device,
                          const poa_buf *members)
{
    if (members->failed)
        return POA_F_NOMEM;
    if (members->len == 0)
        return append(service, txn, kind, device, (poa_span){0});
    POA_CLEANUP(poa_buf_clear) poa_buf data = {0};
    poa_buf_text(&data, "{");
    poa_buf_add(&data, poa_buf_span(members));
    poa_buf_text(&data, "}");
    return data.failed ? POA_F_NOMEM : append(service, txn, kind, device, poa_buf_span(&data));
}

poa_err api_event(const api_service *service, store_txn *txn, const char *kind, const store_device *device,
                  const char *format, ...)
{
    char text[STORE_EVENT_DATA_MAX] = "";
    if (format) {
        va_list args;
        va_start(args, format);
        const int len = vsnprintf(text, sizeof text, format, args);
        va_end(args);
        if (len < 0 || (size_t)len >= sizeof text)
            return POA_F_USAGE;
    }
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    poa_buf_text(&members, text);
    return api_event_members(service, txn, kind, device, &members);
}

void api_events_wake(const api_service *service)
{
    if (service->events_wake)
        service->events_wake(service->events_wake_arg);
}
