/* history.cc — clusters, zones and how they meet. */
#include "tests/support/history.h"

#include <algorithm>
#include <limits>
#include <map>

namespace lk
{

namespace
{

constexpr int64_t kEver = std::numeric_limits<int64_t>::max();

struct Cluster {
    uint64_t value = 0;
    int64_t write_begin = kEver;
    int64_t first_end = kEver;
    int64_t last_begin = -kEver;
    int64_t first_read_end = kEver;

    bool forward() const
    {
        return first_end < last_begin;
    }
};

} // namespace

std::string explain(const std::vector<Operation> &history)
{
    std::map<uint64_t, Cluster> clusters;
    clusters[0].write_begin = clusters[0].first_end = clusters[0].last_begin = -kEver;
    for (const Operation &o : history) {
        Cluster &c = clusters[o.value];
        c.value = o.value;
        c.first_end = std::min(c.first_end, o.end);
        c.last_begin = std::max(c.last_begin, o.begin);
        if (o.write)
            c.write_begin = o.begin;
        else
            c.first_read_end = std::min(c.first_read_end, o.end);
    }
    std::vector<Cluster> forward, backward;
    for (const auto &[value, c] : clusters) {
        const std::string name = std::to_string(value);
        if (c.write_begin == kEver)
            return "value " + name + " was read and never written";
        if (c.first_read_end < c.write_begin)
            return "value " + name + " was read before it was written";
        (c.forward() ? forward : backward).push_back(c);
    }
    const auto by_start = [](const Cluster &a, const Cluster &b) {
        return a.first_end < b.first_end;
    };
    std::sort(forward.begin(), forward.end(), by_start);
    for (size_t i = 1; i < forward.size(); i++)
        if (forward[i].first_end < forward[i - 1].last_begin)
            return "values " + std::to_string(forward[i - 1].value) + " and " +
                   std::to_string(forward[i].value) + " were both held at one time";
    for (const Cluster &b : backward) {
        /* The only forward zone that may hold it is the last to start before it. */
        Cluster at;
        at.first_end = b.last_begin;
        const auto after = std::lower_bound(forward.begin(), forward.end(), at, by_start);
        if (after == forward.begin())
            continue;
        const Cluster &f = *(after - 1);
        if (f.first_end < b.last_begin && b.first_end < f.last_begin)
            return "value " + std::to_string(b.value) + " came and went while " +
                   std::to_string(f.value) + " was held";
    }
    return "";
}

} // namespace lk
