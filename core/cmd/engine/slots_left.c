#include "core/cmd/engine/slots_left.h"

void slots_left_tell(struct push_hub *h, const uint8_t slots[SLOTS_LEFT_BYTES], uint32_t workers)
{
    struct message *m = message_new(MESSAGE_SLOTS_LEFT, bytes_of("", 0),
                                    bytes_of((const char *)slots, SLOTS_LEFT_BYTES));
    for (uint32_t i = 0; i < workers; i++)
        push_send(h, workers, i, m);
    message_drop(m);
}
