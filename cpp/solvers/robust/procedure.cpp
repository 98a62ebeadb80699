#include "solvers/robust/procedure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "programme/sums.hpp"

namespace ressin::robust {
namespace {

// Of the programmes that only settings and weights are read from, and of one that the last one begins at. At a thousandth some
// recordings, where two readings of an artefact cost nearly the same, get other settings.
constexpr double coarse_tol = 1e-4, start_tol = 1e-5;

// h(u) = exp(-u/tau0) - exp(-u/tau1): its peak and the integral of its square; for equal time constants u exp(-u/tau)/tau.
struct Shape2 {
  double peak, energy;
};
Shape2 shape_of(const Settings& s) {
  const double slow = std::max(s.tau0, s.tau1), fast = std::min(s.tau0, s.tau1);
  if (slow == fast) return {std::exp(-1.0), 0.25 * slow};
  const double t = std::log(slow / fast) * slow * fast / (slow - fast);
  const double a0 = 1.0 / slow, a1 = 1.0 / fast;
  return {std::exp(-t * a0) - std::exp(-t * a1), 0.5 / a0 + 0.5 / a1 - 2.0 / (a0 + a1)};
}

double quantile_of(std::vector<double>& x, double q) {
  if (x.empty()) return 0.0;
  const double position = q * static_cast<double>(x.size() - 1), whole = std::floor(position);
  const InOrder found = in_order(x, static_cast<std::size_t>(whole));
  return std::isfinite(found.next) ? found.at + (position - whole) * (found.next - found.at) : found.at;
}

// Deviation of the normal distribution of that median absolute deviation.
double deviation_of(std::vector<double>& x) {
  const double middle = median_of(x);
  for (double& v : x) v = std::abs(v - middle);
  return median_of(x) / 0.6745;
}

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// What `join` makes of zero and of every number within `reach` places, in time order.
template <class Join>
std::vector<double> over_window(const double* x, std::ptrdiff_t n, std::ptrdiff_t reach, Join join) {
  std::vector<double> out(index(n), 0.0);
  for (std::ptrdiff_t k = -reach; k <= reach; ++k) {
    const std::ptrdiff_t first = std::max<std::ptrdiff_t>(-k, 0), end = n - std::max<std::ptrdiff_t>(k, 0);
    for (std::ptrdiff_t i = first; i < end; ++i) out[index(i)] = join(out[index(i)], x[i + k]);
  }
  return out;
}

}  // namespace

std::ptrdiff_t Procedure::block_size(const Rules& rules, double dt) {
  return std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(std::floor(rules.block / dt * (1.0 + 1e-12))));
}

Procedure::Procedure(const Signal& signal, const Settings& settings, const Rules& rules, double tol, int max_iterations)
    : signal_(signal),
      settings_(settings),
      rules_(rules),
      tol_(tol),
      max_iterations_(max_iterations),
      block_(block_size(rules, signal.dt)),
      n_blocks_((signal.n + block_ - 1) / block_),
      block_dt_(static_cast<double>(block_) * signal.dt) {
  form_blocks();
  find_scale();
  form_periods();
  start();
}

// Weighted means of the blocks; a block's weight is its share of a full one's.
void Procedure::form_blocks() {
  means_.resize(index(n_blocks_)), block_weights_.resize(index(n_blocks_));
  for (std::ptrdiff_t b = 0; b < n_blocks_; ++b) {
    const std::ptrdiff_t begin = b * block_, end = std::min(begin + block_, signal_.n);
    double weight = 0.0, sum = 0.0;
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      const double w = signal_.weights ? signal_.weights[i] : 1.0;
      if (w == 0.0) continue;
      weight += w;
      sum += w * signal_.y[i];
    }
    block_weights_[index(b)] = weight / static_cast<double>(block_);
    means_[index(b)] = weight > 0.0 ? sum / weight : 0.0;
  }
}

// The signal's level and size, what is the least noise that its resolution leaves, and whether it is ever negative.
void Procedure::find_scale() {
  std::vector<double> seen, change;
  const auto reach = std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(2.0 / block_dt_));
  for (std::ptrdiff_t b = 0; b < n_blocks_; ++b) {
    if (block_weights_[index(b)] == 0.0) continue;
    seen.push_back(means_[index(b)]);
    if (b >= reach && block_weights_[index(b - reach)] > 0.0) {
      change.push_back(std::abs(means_[index(b)] - means_[index(b - reach)]));
    }
  }
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest, quantum = lowest, last = 0.0;
  bool has_last = false;
  for (std::ptrdiff_t i = 0; i < signal_.n; ++i) {
    if (signal_.weights && signal_.weights[i] == 0.0) continue;
    lowest = std::min(lowest, signal_.y[i]), highest = std::max(highest, signal_.y[i]);
  }
  const double range = highest - lowest, largest = std::max(std::abs(highest), std::abs(lowest));
  constant_ = seen.empty() || !(range > rounding_of(largest));
  if (seen.empty()) return;
  for (std::ptrdiff_t i = 0; i < signal_.n; ++i) {
    if (signal_.weights && signal_.weights[i] == 0.0) continue;
    const double step = std::abs(signal_.y[i] - last);
    if (has_last && step > 1e-9 * range) quantum = std::min(quantum, step);
    last = signal_.y[i], has_last = true;
  }
  std::vector<double> sorted = seen;
  bounded_ = quantile_of(sorted, 0.01) >= 0.0;
  mean_ = median_of(seen);
  if (constant_) return;
  scale_ = change.empty() ? range : std::max(quantile_of(change, 0.9), 0.02 * range);
  least_noise_ = std::max(quantum / std::sqrt(12.0), 1e-6 * range);
  scaled_.resize(index(n_blocks_));
  for (std::ptrdiff_t b = 0; b < n_blocks_; ++b) {
    scaled_[index(b)] = block_weights_[index(b)] > 0.0 ? (means_[index(b)] - mean_) / scale_ : 0.0;
  }
}

void Procedure::start() {
  if (constant_) {
    estimated_ = true;
    set_plain();
    return;
  }
  if (signal_.given) {
    set_given();
    return request_blocks();
  }
  const Shape2 h = shape_of(settings_);
  const std::optional<Known>& known = signal_.known;
  const double n = std::max(known ? known->n_blocks : static_cast<double>(n_blocks_), 20.0);
  universal_ = rules_.threshold * h.peak / h.energy * std::sqrt(h.energy * block_dt_) * std::sqrt(2.0 * std::log(n));
  for (Period& s : periods_) {
    s.smallest = universal_ * std::max(known ? known->noise : first_noise(s), least_noise_);
    if (known) s.smallest = std::hypot(s.smallest, rules_.misfit * known->height);
    s.stiffness = known ? known->stiffness : settings_.stiffness;
  }
  set_plain();
  find_stiffness(Model(n_blocks_, block_dt_, settings_), 1);
  request_blocks();
}

void Procedure::form_periods() {
  if (constant_) return;
  const auto width = std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(std::lround(rules_.period / block_dt_)));
  const auto count = signal_.known || n_blocks_ < width + width / 2 ? 1 : (2 * n_blocks_ + width / 2) / width - 1;
  for (std::ptrdiff_t k = 0; k < count; ++k) {
    Period s{k * n_blocks_ / (count + 1), (k + 2) * n_blocks_ / (count + 1), 0.0};
    if (count == 1) s = {0, n_blocks_, 0.0};
    s.middle = 0.5 * static_cast<double>(s.begin + s.end);
    const auto seen =
        std::count_if(block_weights_.begin() + s.begin, block_weights_.begin() + s.end, [](double w) { return w > 0.0; });
    if (count == 1 || 4 * seen >= s.end - s.begin) periods_.push_back(s);
  }
  if (periods_.empty()) periods_.push_back({0, n_blocks_, 0.5 * static_cast<double>(n_blocks_)});
}

double Procedure::first_noise(const Period& s) const {
  std::vector<double> bends;
  for (std::ptrdiff_t b = s.begin + 2; b < s.end; ++b) {
    if (block_weights_[index(b)] == 0.0 || block_weights_[index(b - 1)] == 0.0 || block_weights_[index(b - 2)] == 0.0) continue;
    bends.push_back(std::abs(means_[index(b)] - 2.0 * means_[index(b - 1)] + means_[index(b - 2)]));
  }
  return median_of(bends) / 0.6745 / std::sqrt(6.0);
}

// Between the periods' middles; one where there is no period.
std::vector<double> Procedure::over_blocks(double Period::* of) const {
  std::vector<double> values(index(n_blocks_), 1.0);
  for (std::size_t k = 0; !periods_.empty() && k <= periods_.size(); ++k) {
    const Period &left = periods_[k == 0 ? 0 : k - 1], &right = periods_[std::min(k, periods_.size() - 1)];
    const std::ptrdiff_t begin = k == 0 ? 0 : std::lround(left.middle);
    const std::ptrdiff_t end = k == periods_.size() ? n_blocks_ : std::lround(right.middle);
    const double growth = std::log(right.*of / left.*of) / std::max(right.middle - left.middle, 1.0);
    double value = left.*of * std::exp(growth * (static_cast<double>(begin) - left.middle));
    const double step = std::exp(growth);
    for (std::ptrdiff_t b = begin; b < end; ++b, value *= step) values[index(b)] = growth == 0.0 ? left.*of : value;
  }
  return values;
}

void Procedure::find_stiffness(const Model& model, std::ptrdiff_t samples_per_block) {
  stiffness_.assign(index(model.n_bends()), settings_.stiffness);
  if (signal_.given) return find_given_stiffness(model, samples_per_block);
  if (periods_.empty()) return;
  const std::vector<double> of_block = over_blocks(&Period::stiffness);
  for (std::ptrdiff_t j = 0; j < model.n_bends(); ++j) {
    stiffness_[index(j)] = of_block[index(std::min(model.bend_sample(j) / samples_per_block, n_blocks_ - 1))];
  }
}

// a between the periods' middles, and the costs that go with it.
void Procedure::set_plain() {
  const Shape2 h = shape_of(settings_);
  smallest_ = over_blocks(&Period::smallest);
  loads_.alpha.resize(index(n_blocks_)), loads_.delta.resize(index(n_blocks_)), loads_.kappa.resize(index(n_blocks_));
  for (std::size_t b = 0; b < smallest_.size(); ++b) {
    loads_.alpha[b] = smallest_[b] * h.energy / h.peak;
    loads_.delta[b] = rules_.outlier_cost * loads_.alpha[b];
    loads_.kappa[b] = rules_.shift_cost * loads_.alpha[b];
  }
  loads_.alpha_before = loads_.alpha.front();
  reweighted_ = false;
}

// A block's costs are those of its first sample, and of its last for a shift after it.
void Procedure::set_given() {
  const Given& given = *signal_.given;
  for (auto* x : {&loads_.alpha, &loads_.delta, &loads_.kappa}) x->resize(index(n_blocks_));
  for (std::ptrdiff_t b = 0; b < n_blocks_; ++b) {
    loads_.alpha[index(b)] = given.alpha[b * block_];
    loads_.delta[index(b)] = given.delta[b * block_];
    loads_.kappa[index(b)] = given.kappa[std::min((b + 1) * block_, signal_.n) - 1];
  }
  loads_.alpha_before = given.alpha_before;
  find_stiffness(Model(n_blocks_, block_dt_, settings_), 1);
  reweighted_ = settled_ = true;
}

void Procedure::take_given() {
  const Given& given = *signal_.given;
  loads_.alpha.assign(given.alpha, given.alpha + signal_.n);
  loads_.delta.assign(given.delta, given.delta + signal_.n);
  loads_.kappa.assign(given.kappa, given.kappa + signal_.n);
}

// At the nearest knot of the signal's own rate.
void Procedure::find_given_stiffness(const Model& model, std::ptrdiff_t samples_per_block) {
  const Model own(signal_.n, signal_.dt, settings_);
  const std::ptrdiff_t scale = samples_per_block == block_ ? 1 : block_;
  for (std::ptrdiff_t j = 0; j < model.n_bends(); ++j) {
    const std::ptrdiff_t sample = model.bend_sample(j) * scale + own.n_before();
    const std::ptrdiff_t nearest = scale == 1 ? j : (sample + own.spacing() / 2) / own.spacing();
    stiffness_[index(j)] = signal_.given->stiffness[std::min(nearest, own.n_bends() - 1)];
  }
}

void Procedure::request_blocks() {
  for (auto loads : {&Loads::alpha, &Loads::delta, &Loads::kappa}) {
    const std::vector<double>& from = loads_.*loads;
    std::vector<double>& to = request_loads_.*loads;
    to.resize(from.size());
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i] / scale_;
  }
  request_loads_.alpha_before = loads_.alpha_before / scale_;
  Problem& p = request_.problem;
  p = {scaled_.data(),
       block_weights_.data(),
       request_loads_.alpha.data(),
       request_loads_.delta.data(),
       request_loads_.kappa.data(),
       request_loads_.alpha_before};
  if (bounded_) p.floor = -mean_ / scale_;
  p.stiffness = stiffness_.data();
  request_.tol = is_last_on_blocks() ? start_tol : coarse_tol;
  request_.certified = false;
  request_.max_iterations = max_iterations_;
}

// The costs of the next programme, from a solution: responses of up to so many of the smallest ones are passed over.
void Procedure::reweight(const Model& model, const Solution& x, double passed_over) {
  const Shape2 h = shape_of(settings_);
  const std::ptrdiff_t before = model.n_before(), n = n_blocks_;
  const auto reach = static_cast<std::ptrdiff_t>(std::lround(rules_.response_reach / block_dt_));
  const auto outlier_reach = static_cast<std::ptrdiff_t>(std::lround(rules_.outlier_reach / block_dt_));
  const std::vector<double> area =
      over_window(x.point.driver.data() + before, n, reach, [](double a, double b) { return a + b; });
  const auto larger = [](double a, double b) { return std::max(a, std::abs(b)); };
  const std::vector<double> largest = over_window(x.parts.outliers.data(), n, outlier_reach, larger);
  const auto step = [&](std::ptrdiff_t i) {
    return std::abs(x.point.steps[index(before + std::min(std::max<std::ptrdiff_t>(i, 0), n - 2))]) * scale_;
  };
  const double kept = std::exp(-block_dt_ / rules_.recovery), share = rules_.reweighting;
  const double height_of_area = h.peak * block_dt_ * scale_;  // over the smallest response: in those
  double recent = 0.0;                                        // driver so far, less what has been forgotten of it
  for (std::ptrdiff_t i = 0; i < before; ++i) recent = kept * (recent + x.point.driver[index(i)]);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const double alpha = loads_.alpha[index(i)], delta = loads_.delta[index(i)], smallest = smallest_[index(i)];
    const double height = height_of_area / smallest;
    const double there = std::max(height * area[index(i)], std::min(height * recent, rules_.recovery_most));
    recent = kept * (recent + x.point.driver[index(before + i)]);
    loads_.alpha[index(i)] = alpha / (1.0 + share * std::max(there - passed_over, 0.0));
    loads_.delta[index(i)] = delta / (1.0 + share * largest[index(i)] * scale_ / delta);
    const double steps = n > 1 ? step(i - 1) + step(i) + step(i + 1) : 0.0;
    loads_.kappa[index(i)] /= 1.0 + share * steps / smallest;
  }
  reweighted_ = true;
}

// Geometric mean of two deviations of y - r - t - s, its own and its differences': equal for white noise.
double Procedure::noise_of(const Period& s, const Solution& x) const {
  std::vector<double> rest, change;
  for (auto* x : {&rest, &change}) x->reserve(index(s.end - s.begin));
  double last = 0.0;
  bool has_last = false;
  for (std::ptrdiff_t i = s.begin; i < s.end; ++i) {
    if (block_weights_[index(i)] == 0.0) {
      has_last = false;
      continue;
    }
    const double e = x.parts.residual[index(i)] + x.parts.outliers[index(i)];
    rest.push_back(e);
    if (has_last) change.push_back(e - last);
    last = e, has_last = true;
  }
  return scale_ * std::sqrt(deviation_of(rest) * deviation_of(change) / std::sqrt(2.0));
}

double Procedure::phasic_height(const Period& s, const Model& model, const Solution& x) const {
  const auto first = x.parts.phasic.begin() + model.n_before();
  std::vector<double> r(first + s.begin, first + s.end);
  return scale_ * quantile_of(r, 0.95);
}

// From the level's second differences over half the distance of knots, where all three are observed.
double Procedure::stiffness_of(const Period& s, const Model& model, const Solution& x) const {
  const double deviation = s.noise / scale_, noise = deviation * deviation * block_dt_;  // its density
  const auto stiffness = [&](double square) { return rules_.curvature * std::sqrt(std::sqrt(noise / square)); };
  const double expected = std::pow((signal_.known ? signal_.known->stiffness : settings_.stiffness) / rules_.curvature, 4);
  double sum = rules_.expected_bends * noise / expected;
  double bends = rules_.expected_bends;
  const std::ptrdiff_t reach = std::max<std::ptrdiff_t>(1, model.spacing() / 2), before = model.n_before();
  const double apart = static_cast<double>(reach) * block_dt_, per_sample = 1.0 / static_cast<double>(model.spacing());
  for (std::ptrdiff_t i = s.begin + reach; i + reach < s.end; ++i) {
    const auto is_seen = [&](std::ptrdiff_t b) { return block_weights_[index(b)] > 0.0; };
    if (!is_seen(i - reach) || !is_seen(i) || !is_seen(i + reach)) continue;
    const auto level = [&](std::ptrdiff_t b) { return x.parts.spline[index(before + b)]; };
    const double bend = ((level(i - reach) - level(i)) + (level(i + reach) - level(i))) / (apart * apart);
    sum += per_sample * bend * bend;
    bends += per_sample;
  }
  return std::clamp(stiffness(sum / bends), rules_.softest, rules_.stiffest);
}

void Procedure::take(const Model& model, Solution&& x) {
  iterations_ += x.iterations;
  if (settled_) {
    estimated_ = true;
    return;
  }
  if (!reweighted_) {
    reweight(model, x, 0.0);
    request_blocks();
    return;
  }
  ++round_;
  const std::vector<double> next = next_smallest(model, x);
  settled_ = signal_.known || round_ >= rules_.most_rounds || (round_ > 1 && hardly_changes(next));
  if (!settled_ || signal_.known) {  // else the last programmes have the round's
    for (Period& s : periods_) s.stiffness = stiffness_of(s, model, x);
  }
  for (std::size_t k = 0; !settled_ && k < next.size(); ++k) periods_[k].smallest = next[k];
  set_plain();
  if (settled_) {
    reweight(model, x, rules_.passed_over);
    estimated_ = block_ > 1;  // else one more on blocks, from whose solution the last begins
  }
  if (estimated_) return;
  find_stiffness(model, 1);
  request_blocks();
}

// Takes noise and height of each period from a round's solution.
std::vector<double> Procedure::next_smallest(const Model& model, const Solution& x) {
  std::vector<double> next;
  for (Period& s : periods_) {
    s.noise = std::max(noise_of(s, x), least_noise_);
    s.height = phasic_height(s, model, x);
    next.push_back(std::hypot(universal_ * s.noise, rules_.misfit * s.height));
  }
  return next;
}

bool Procedure::hardly_changes(const std::vector<double>& next) const {
  std::vector<double> change;
  for (std::size_t k = 0; k < next.size(); ++k) change.push_back(std::abs(std::log(next[k] / periods_[k].smallest)));
  return median_of(change) < rules_.enough;
}

double Procedure::median_over_periods(double Period::* of) const {
  std::vector<double> all;
  for (const Period& s : periods_) all.push_back(s.*of);
  return median_of(all);
}

const Request& Procedure::prepare_final(const Model& model) {
  const Loads blocks = loads_;
  const std::ptrdiff_t n = signal_.n;
  for (auto* x : {&loads_.alpha, &loads_.delta, &loads_.kappa}) x->resize(index(n));
  final_signal_.resize(index(n));
  const std::ptrdiff_t last = std::max<std::ptrdiff_t>(n_blocks_ - 2, 0), half = (block_ + 1) / 2;
  for (std::ptrdiff_t b = 0; b < n_blocks_; ++b) {
    const std::ptrdiff_t begin = b * block_, end = std::min(begin + block_, n);
    // a shift's cost is that of the nearest edge between blocks: the one before until half of the block is over
    const double before = blocks.kappa[index(std::min(std::max<std::ptrdiff_t>(b - 1, 0), last))];
    const double after = blocks.kappa[index(std::min(b, last))];
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      loads_.alpha[index(i)] = blocks.alpha[index(b)];
      loads_.delta[index(i)] = blocks.delta[index(b)];
      loads_.kappa[index(i)] = i - begin + 1 < half ? before : after;
      const bool seen = !signal_.weights || signal_.weights[i] > 0.0;
      final_signal_[index(i)] = seen ? (signal_.y[i] - mean_) / scale_ : 0.0;
    }
  }
  if (signal_.given) take_given();
  find_stiffness(model, block_);
  request_blocks();
  Problem& p = request_.problem;
  p.y = final_signal_.data();
  p.weights = signal_.weights;
  request_.tol = tol_;
  request_.certified = true;
  return request_;
}

}  // namespace ressin::robust
