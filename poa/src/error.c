#include "poa/error.h"

#include "cleanup.h"

#include <string.h>

static const poa_err_info rows[] = {
#define X(symbol, value, name, step, http, exit, condition) {symbol, name, step, http, exit, condition},
    POA_ERR_LIST(X)
#undef X
};

const poa_err_info *poa_err_describe(poa_err err)
{
    for (size_t i = 0; i < POA_COUNT(rows); i++)
        if (rows[i].code == err)
            return &rows[i];
    return poa_err_describe(POA_F_USAGE);
}

const char *poa_err_name(poa_err err)
{
    return poa_err_describe(err)->name;
}

const poa_err_info *poa_err_next(const poa_err_info *row)
{
    if (!row)
        return rows;
    return row + 1 < rows + POA_COUNT(rows) ? row + 1 : NULL;
}

const poa_err_info *poa_err_by_name(const char *name)
{
    for (size_t i = 0; i < POA_COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}
