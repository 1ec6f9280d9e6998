#include "svc/svc.h"

extern const struct product product;

int main(int argc, char **argv)
{
    return svc_main(argc, argv, &product);
}
