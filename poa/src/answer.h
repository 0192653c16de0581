#ifndef POA_SRC_ANSWER_H
#define POA_SRC_ANSWER_H

#include "poa/answer.h"

#define POA_ANSWER_TYP "poa-epoch+jwt"

#endif
