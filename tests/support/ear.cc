/* ear.cc — subscribe, mark, read up to the mark; and what 7.0 tells otherwise. */
#include "tests/support/ear.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <strings.h>

namespace lk
{

namespace
{

const char kMarkers[] = "that was all";

/* What one of two versions does not tell, or tells elsewhere. */
struct EventRule {
    const char *event;
    const char *command; /* only beside this one; NULL: always */
    const char *reason;
    const char *word = nullptr; /* only where this is among its arguments */
};
const EventRule kOtherwiseIn70[] = {
    {"xgroup-createconsumer", nullptr, "since 7.2 a consumer exists once it has asked"},
    {"xgroup-delconsumer", nullptr, "since 7.2 a consumer exists once it has asked"},
    {"keymiss", "bitcount", "since 7.4 words come before the key"},
    {"keymiss", "bitpos", "since 7.4 words come before the key"},
    {"keymiss", "lpos", "since 7.2 what has no opposite is refused", "-9223372036854775808"},
    {"lrem", "lrem", "since 7.2 what has no opposite is refused", "-9223372036854775808"},
    {"keymiss", "hscan", "since 7.4 a cursor has digits, and comes before the key"},
    {"keymiss", "sscan", "since 7.4 a cursor has digits, and comes before the key"},
    {"keymiss", "zscan", "since 7.4 a cursor has digits, and comes before the key"},
};

/* The event's name: the payload of a keyspace message, behind the colon of the other's channel. */
std::string event_name(const Event &event)
{
    if (event.channel.compare(0, 10, "__keyspace") == 0)
        return event.payload;
    const size_t colon = event.channel.find(':');
    return event.channel.substr(colon == std::string::npos ? 0 : colon + 1);
}

bool has_command(const std::vector<Args> &commands, const char *name, const char *word = nullptr)
{
    return std::any_of(commands.begin(), commands.end(), [&](const Args &args) {
        return strcasecmp(args[0].c_str(), name) == 0 &&
               (!word || std::find(args.begin(), args.end(), word) != args.end());
    });
}

Events without_others(const Events &events, const std::vector<Args> &commands)
{
    const auto is_other = [&](const Event &event) {
        const std::string name = event_name(event);
        for (const EventRule &rule : kOtherwiseIn70)
            if (name == rule.event &&
                (!rule.command || has_command(commands, rule.command, rule.word)))
                return true;
        return false;
    };
    Events left;
    std::remove_copy_if(events.begin(), events.end(), std::back_inserter(left), is_other);
    return left;
}

/* Misses that stand together, by their names: a set's members are looked up in any order. */
Events with_sorted_misses(Events events)
{
    const auto is_miss = [](const Event &event) { return event_name(event) == "keymiss"; };
    for (auto from = events.begin(); from != events.end();) {
        from = std::find_if(from, events.end(), is_miss);
        const auto to = std::find_if_not(from, events.end(), is_miss);
        std::sort(from, to);
        from = to;
    }
    return events;
}

} // namespace

Ear::Ear(const Server &server) : subscriber_(server.connect()), speaker_(server.connect())
{
    subscriber_.call({"PSUBSCRIBE", "__key*__:*"});
    subscriber_.call({"SUBSCRIBE", kMarkers});
}

void Ear::listen_for(const std::string &classes)
{
    const Reply reply = speaker_.call({"CONFIG", "SET", "notify-keyspace-events", classes});
    if (reply.type != '+')
        throw std::runtime_error("events of " + classes + ": " + reply.raw);
}

Events Ear::hear()
{
    const std::string marker = std::to_string(++markers_);
    speaker_.call({"PUBLISH", kMarkers, marker});
    Events events;
    for (;;) {
        const Reply message = subscriber_.read();
        if (message.items.size() == 4)
            events.push_back({message.items[2].text, message.items[3].text});
        else if (message.items.size() == 3 && message.items[2].text == marker)
            return events;
    }
}

std::string printable(const Events &events)
{
    std::string out;
    for (const Event &event : events)
        out += "\n    " + printable(event.channel) + " " + printable(event.payload);
    return out;
}

bool same_events(const Events &want, const Events &got, const std::vector<Args> &commands,
                 bool reference_is_7_0)
{
    const auto compared = [&](Events events) {
        if (reference_is_7_0)
            events = without_others(events, commands);
        if (has_command(commands, "sort") || has_command(commands, "sort_ro"))
            events = with_sorted_misses(events);
        return events;
    };
    return want == got || compared(want) == compared(got);
}

bool is_7_0(const Server &server)
{
    Client client = server.connect();
    return client.call({"INFO", "server"}).text.find("redis_version:7.0.") != std::string::npos;
}

} // namespace lk
