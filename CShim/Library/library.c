// The interface that Sources/CLibrary implements.
#include "martlet.h"

int32_t martlet_interface_version(void) { return MARTLET_INTERFACE_VERSION; }
