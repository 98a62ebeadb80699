#include "solvers/active_set/passes.hpp"

namespace ressin::active_set {

Passes baseline_passes() { return make_passes(); }

}  // namespace ressin::active_set
