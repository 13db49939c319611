# Rubin's rules by R on completed.csv. R 4.2.2, mice 3.15.0, mitml 0.4-4, survival 3.5.3:
#   cd tests/unit/analysis/imputation/r && Rscript pins.R > pins.json
suppressPackageStartupMessages({
  library(mice)
  library(jsonlite)
})
completed <- read.csv("completed.csv")
tables <- split(completed, completed$imputation)

pooled <- function(fits, dfcom = NULL) {
  found <- pool(as.mira(fits), dfcom = dfcom)$pooled
  found[, c("estimate", "ubar", "b", "t", "dfcom", "df", "riv", "lambda", "fmi")]
}

linear <- lapply(tables, function(d) lm(y ~ x + z, data = d))
logistic <- lapply(tables, function(d) glm(ill ~ x + z, data = d, family = binomial, control = glm.control(epsilon = 1e-14)))
empty <- lapply(tables, function(d) lm(y ~ 1, data = d))
wald <- function(fits, null, dfcom) {
  found <- mitml::testModels(fits, null, method = "D1", df.com = dfcom)$test
  as.list(found[1, ])
}

q <- c(1.10, 1.32, 0.95, 1.21, 1.05, 1.44)
u <- c(0.090, 0.085, 0.101, 0.093, 0.088, 0.095)
scalar <- function(n, k) {
  found <- pool.scalar(q, u, n = n, k = k)
  found[c("qbar", "ubar", "b", "t", "df", "r", "fmi")]
}

followed <- data.frame(
  time = c(2, 3, 3, 5, 6, 6, 8, 9, 11, 12), event = c(1, 1, 0, 1, 0, 1, 1, 0, 1, 0),
  entry = c(0, 1, 0, 2, 0, 4, 3, 0, 5, 2)
)
hazard_at <- function(fit, at) {
  steps <- stepfun(fit$time, c(0, fit$cumhaz))
  steps(at)
}
plain <- survival::survfit(survival::Surv(time, event) ~ 1, data = followed)
delayed <- survival::survfit(survival::Surv(entry, time, event) ~ 1, data = followed)

cat(toJSON(list(
  linear = pooled(linear), logistic = pooled(logistic, dfcom = Inf), logistic_default = pooled(logistic),
  scalar_small = scalar(40, 3), scalar_large = scalar(Inf, 1),
  d1 = wald(linear, empty, 77), d1_large = wald(linear, empty, NULL),
  mice_d1 = as.list(summary(D1(as.mira(linear), as.mira(empty)))$comparisons[1, -1]),
  nelson_aalen = nelsonaalen(followed, time, event),
  plain = hazard_at(plain, followed$time),
  delayed = hazard_at(delayed, followed$time) - hazard_at(delayed, followed$entry)
), digits = 16, auto_unbox = TRUE, pretty = TRUE))
