#include "option_names.h"

#include "span.h"

#include <stdbool.h>
#include <string.h>

static const struct argp_option *find_long(const struct argp *argp, poa_nearest *nearest)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++) {
        if (!o->name)
            continue;
        if (poa_span_is(nearest->word, o->name))
            return o;
        poa_nearest_offer(nearest, o->name);
    }
    for (const struct argp_child *c = argp->children; c && c->argp; c++) {
        const struct argp_option *found = find_long(c->argp, nearest);
        if (found)
            return found;
    }
    return NULL;
}

static const struct argp_option *find_short(const struct argp *argp, int key)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++)
        if (o->key == key)
            return o;
    for (const struct argp_child *c = argp->children; c && c->argp; c++) {
        const struct argp_option *found = find_short(c->argp, key);
        if (found)
            return found;
    }
    return NULL;
}

/* Does a short option take the next argument as its value? */
static bool short_takes_next(const struct argp *argp, const char *argument)
{
    const struct argp_option *o = find_short(argp, argument[1]);
    return o && o->arg && argument[2] == '\0';
}

/* Is a long option known? *takes_next says whether the next argument is its value. */
static bool long_is_known(const struct argp *argp, const char *argument, poa_nearest *nearest, bool *takes_next)
{
    const poa_span whole = poa_span_skip(poa_span_of(argument), 2);
    const size_t equals = poa_span_find(whole, '=');
    *nearest = (poa_nearest){.word = poa_span_head(whole, equals)};
    *takes_next = false;
    if (poa_span_is(nearest->word, "help") || poa_span_is(nearest->word, "usage"))
        return true;
    const struct argp_option *o = find_long(argp, nearest);
    *takes_next = o && o->arg && !(o->flags & OPTION_ARG_OPTIONAL) && equals == SIZE_MAX;
    return o != NULL;
}

const char *poa_options_unknown(const struct argp *argp, int argc, char **argv, poa_nearest *nearest)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        bool takes_next = false;
        if (argv[i][0] != '-' || argv[i][1] == '\0')
            continue;
        if (argv[i][1] != '-')
            takes_next = short_takes_next(argp, argv[i]);
        else if (!long_is_known(argp, argv[i], nearest, &takes_next))
            return argv[i];
        i += takes_next;
    }
    return NULL;
}
