#include "parts.h"
int
small_world(unsigned depth)
{
    (void)depth;
    return 0;
}
