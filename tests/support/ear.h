/*
 * ear.h — what a server tells of its keys, one message after the other.
 *
 * A subscriber of all keyspace and keyevent channels, on a connection of its own.  A marker that is
 * published behind the commands of interest ends each look, so nothing has to be waited for by
 * time: what was told before the marker came before it.
 *
 * Threads  one owner at a time
 */
#ifndef LK_TEST_EAR_H
#define LK_TEST_EAR_H

#include "tests/support/server.h"

#include <compare>
#include <string>
#include <vector>

namespace lk
{

/* One message of a keyspace or keyevent channel. */
struct Event {
    std::string channel;
    std::string payload;
    auto operator<=>(const Event &other) const = default;
};
using Events = std::vector<Event>;

class Ear
{
  public:
    explicit Ear(const Server &server);

    /* Which classes of events are told, in the letters of the directive; "" is none. */
    void listen_for(const std::string &classes);

    /* All that was told since the last call, up to now. */
    Events hear();

  private:
    Client subscriber_;
    Client speaker_;
    size_t markers_ = 0;
};

std::string printable(const Events &events);

/*
 * Are two servers' events of these commands the same, one by one?  The tables of ear.cc name what
 * has no order, and what a reference of version 7.0 tells otherwise.
 */
bool same_events(const Events &want, const Events &got, const std::vector<Args> &commands,
                 bool reference_is_7_0);

/* Is this server of version 7.0? */
bool is_7_0(const Server &server);

} // namespace lk

#endif
