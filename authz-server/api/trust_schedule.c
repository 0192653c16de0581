#include "api/trust_schedule.h"

#include "bounds.h"

enum { HOUR_S = 3600, MINUTE_S = 60 };

static int64_t at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

/* From 0 to below. The bias of the remainder is below one in 2^20 for any time that there is. */
static poa_err random_below(const poa_random *random, int64_t below, int64_t *out)
{
    uint8_t bytes[8];
    if (!random->fill(random->self, bytes, sizeof bytes))
        return POA_F_CRYPTO;
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        number = number << 8 | bytes[i];
    *out = (int64_t)(number % (uint64_t)below);
    return POA_OK;
}

/* Times end where JSON's whole numbers do. */
static int64_t later(int64_t time_s, int64_t by_s)
{
    return by_s < POA_TIME_MAX - time_s ? time_s + by_s : POA_TIME_MAX;
}

poa_err api_trust_schedule_spread(const poa_random *random, int64_t base_s, int64_t window_s, int64_t *due_s)
{
    int64_t by_s = 0;
    const poa_err err = random_below(random, window_s + 1, &by_s);
    if (err)
        return err;
    *due_s = later(base_s, by_s);
    return POA_OK;
}

poa_err api_trust_schedule_first(const poa_random *random, const poa_policy_settings *settings, int64_t now_s,
                                 int64_t not_after_s, int64_t *due_s)
{
    const int64_t by_policy_s =
        settings->trust_period_s < POA_TIME_MAX / 2 ? settings->trust_period_s * 2 : POA_TIME_MAX;
    const int64_t left_s = not_after_s - now_s;
    const int64_t life_s = left_s > 0 ? at_most(left_s, by_policy_s) : by_policy_s;
    /* Hundredths, without overflow. Of a life of seconds the earliest is the next second. */
    const int64_t from_s = life_s / 100 * 40 + life_s % 100 * 40 / 100;
    const int64_t to_s = life_s / 100 * 60 + life_s % 100 * 60 / 100;
    return api_trust_schedule_spread(random, later(now_s, from_s > 0 ? from_s : 1), to_s > from_s ? to_s - from_s : 0,
                                     due_s);
}

int64_t api_trust_schedule_window(const poa_policy_settings *settings)
{
    return settings->trust_period_s / 4;
}

poa_err api_trust_schedule_sooner(const poa_random *random, const poa_policy_settings *settings, int64_t now_s,
                                  int64_t *due_s)
{
    if (*due_s == 0)
        return POA_OK;
    int64_t soon_s = 0;
    const poa_err err = api_trust_schedule_spread(random, now_s, api_trust_schedule_window(settings), &soon_s);
    if (!err && soon_s < *due_s)
        *due_s = soon_s;
    return err;
}

int64_t api_trust_schedule_deadline(const poa_policy_settings *settings, int64_t due_s)
{
    return later(due_s, settings->trust_grace_s);
}

int64_t api_trust_schedule_wait(int64_t trust_s, int64_t due_s, int64_t now_s, bool periodic)
{
    if (trust_s == 0 || now_s >= due_s || due_s <= trust_s)
        return 0;
    const int64_t span_s = due_s - trust_s;
    const int64_t pause_s = periodic ? at_most(span_s / 10, HOUR_S) : at_most(span_s / 100, MINUTE_S);
    const int64_t until_s = trust_s + pause_s;
    return now_s < until_s ? at_most(until_s - now_s, pause_s) : 0;
}
