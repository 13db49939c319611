# Values of R that the tests of incidence, hazards, sparse cells, strata, families and interaction are pinned to.
# Run in this folder: Rscript incidence.R   (reads intervals.csv, sparse.csv, siblings.csv; writes incidence.json)
# R 4.2.2, survival 3.5-3, survey 4.1-1, sandwich 3.0-2, brglm2 0.9, epiR 2.0.57
suppressMessages({library(survival); library(survey); library(sandwich); library(brglm2); library(epiR)
                  library(jsonlite)})
options(digits = 15, survey.lonely.psu = "fail")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
fine <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)

# Cox regression: late entry, exposure in time, tied ages
d <- read.csv("intervals.csv")
cox <- function(ties) {
  model <- Surv(start, stop, event) ~ exposed + z + female
  plain <- coxph(model, d, ties = ties, control = fine)
  by_person <- coxph(model, d, ties = ties, cluster = id, control = fine)
  by_family <- coxph(model, d, ties = ties, cluster = family, control = fine)
  list(estimate = unname(coef(plain)), se = unname(sqrt(diag(vcov(plain)))), log_likelihood = plain$loglik[2],
       robust_person = unname(sqrt(diag(vcov(by_person)))), robust_family = unname(sqrt(diag(vcov(by_family)))),
       proportionality = unname(cox.zph(plain, transform = "identity", terms = FALSE)$table[1:3, "p"]),
       dfbeta = unname(residuals(plain, type = "dfbeta")[1:12, 1]))
}
s <- svydesign(~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = d)
d$relative_weight <- d$weight / mean(d$weight)
survey_cox <- lapply(c(efron = "efron", breslow = "breslow"), function(ties) {
  f <- coxph(Surv(start, stop, event) ~ exposed + z + female, d, weights = relative_weight, ties = ties, control = fine)
  v <- svyrecvar(residuals(f, type = "dfbeta", weighted = TRUE), s$cluster, s$strata, s$fpc)
  list(estimate = unname(coef(f)), se = unname(sqrt(diag(v))), degf = degf(s))
})
whole <- svycoxph(Surv(start, stop, event) ~ exposed + z + female, s)
stopifnot(all.equal(unname(sqrt(diag(vcov(whole)))), survey_cox$efron$se, tolerance = 1e-8))

# Poisson regression of person-years in bands of five years, split by R itself
split <- survSplit(Surv(start, stop, event) ~ ., d, cut = seq(25, 75, 5), episode = "band")
split$years <- split$stop - split$start
split$band <- factor(split$band)
with_events <- names(which(tapply(split$event, split$band, sum) > 0))
split <- droplevels(subset(split, band %in% with_events))
rates <- glm(event ~ exposed + band + z + female + offset(log(years)), poisson, split, control = tight)
clustered <- vcovCL(rates, split$family, type = "HC0", cadjust = TRUE)
crude <- lapply(0:1, function(e) {
  t <- poisson.test(sum(d$event[d$exposed == e]), sum((d$stop - d$start)[d$exposed == e]))
  list(rate = unname(t$estimate), lower = t$conf.int[1], upper = t$conf.int[2])
})

# Firth: the estimate by brglm2, the profile of the penalised likelihood written out here
p <- read.csv("sparse.csv")
firth <- function(formula) {
  f <- glm(formula, binomial, p, method = "brglmFit", type = "AS_mean", control = list(epsilon = 1e-13, maxit = 1000))
  x <- model.matrix(f); y <- p$y; b <- coef(f)
  value <- function(b) {
    eta <- drop(x %*% b); w <- plogis(eta) * plogis(-eta)
    sum(y * eta - log1p(exp(eta))) + as.numeric(determinant(crossprod(x * w, x))$modulus) / 2
  }
  highest <- value(b)
  profile <- function(j, at) {
    others <- b[-j]
    down <- function(o) { full <- b; full[j] <- at; full[-j] <- o; -value(full) }
    for (i in 1:3) others <- optim(others, down, method = "BFGS", control = list(reltol = 1e-16, maxit = 2000))$par
    -down(others)
  }
  ends <- sapply(seq_along(b), function(j) {
    fall <- function(at) profile(j, at) - highest + qchisq(0.95, 1) / 2
    se <- sqrt(diag(vcov(f)))[j]
    c(uniroot(fall, c(b[j] - 8 * se, b[j]), tol = 1e-12)$root, uniroot(fall, c(b[j], b[j] + 8 * se), tol = 1e-12)$root)
  })
  list(estimate = unname(b), se = unname(sqrt(diag(vcov(f)))), log_likelihood = highest,
       lower = unname(ends[1, ]), upper = unname(ends[2, ]),
       p = sapply(seq_along(b), function(j) pchisq(2 * (highest - profile(j, 0)), 1, lower.tail = FALSE)))
}
exact <- fisher.test(table(p$w, p$y))

# Families
f <- read.csv("siblings.csv")
within <- clogit(y ~ x + z + strata(family), f, method = "exact", control = fine)
plain <- glm(y ~ x + z, binomial, f, control = tight)
sandwich_se <- sqrt(diag(vcovCL(plain, f$family, type = "HC0", cadjust = TRUE)))
surveyed <- svyglm(y ~ x + z, svydesign(~family, weights = ~1, data = f), family = quasibinomial, control = tight)

# Strata
cube <- table(f$x, f$y, f$band)
pooled <- mantelhaen.test(cube)
breslow_day <- function(cube) {  # with Tarone's correction
  or <- unname(mantelhaen.test(cube)$estimate); sum_a <- sum_e <- sum_v <- stat <- 0
  for (k in seq_len(dim(cube)[3])) {
    t <- cube[, , k]; m1 <- sum(t[2, ]); n1 <- sum(t[, 2]); n <- sum(t)
    a <- or - 1; b <- -(or * (m1 + n1) + n - m1 - n1); c <- or * m1 * n1
    e <- (-b - sqrt(b^2 - 4 * a * c)) / (2 * a)
    v <- 1 / (1 / e + 1 / (m1 - e) + 1 / (n1 - e) + 1 / (n - m1 - n1 + e))
    stat <- stat + (t[2, 2] - e)^2 / v; sum_a <- sum_a + t[2, 2]; sum_e <- sum_e + e; sum_v <- sum_v + v
  }
  pchisq(stat - (sum_a - sum_e)^2 / sum_v, dim(cube)[3] - 1, lower.tail = FALSE)
}

# Interaction: smoking and alcohol in oral cancer, Rothman & Keller 1972 (J Chronic Dis 25:711), as Hosmer & Lemeshow 1992
# and Zou 2008 use it
oral <- data.frame(can = rep(c(1, 0), 4), smk = rep(c(1, 1, 0, 0), each = 2), alc = rep(c(1, 0, 1, 0), each = 2),
                   n = c(225, 166, 8, 18, 6, 12, 3, 20))
g <- glm(can ~ smk * alc, binomial, oral, weights = n, control = tight)
delta <- lapply(c("reri", "apab", "s"), function(m) unname(unlist(
  epi.interaction(g, coef = 2:4, param = "product", conf.level = 0.95)[[m]])))
joint <- rbind(c(1, 0, 0), c(0, 1, 0), c(1, 1, 1))
l <- drop(joint %*% coef(g)[-1]); w <- joint %*% vcov(g)[-1, -1] %*% t(joint); r <- cov2cor(w)
or <- exp(l); lo <- exp(l - qnorm(0.975) * sqrt(diag(w))); up <- exp(l + qnorm(0.975) * sqrt(diag(w)))
reri <- or[3] - or[1] - or[2] + 1
mover <- c(
  reri - sqrt((or[3] - lo[3])^2 + (up[1] - or[1])^2 + (up[2] - or[2])^2 - 2 * r[3, 1] * (or[3] - lo[3]) * (up[1] - or[1]) -
              2 * r[3, 2] * (or[3] - lo[3]) * (up[2] - or[2]) + 2 * r[1, 2] * (up[1] - or[1]) * (up[2] - or[2])),
  reri + sqrt((up[3] - or[3])^2 + (or[1] - lo[1])^2 + (or[2] - lo[2])^2 - 2 * r[3, 1] * (up[3] - or[3]) * (or[1] - lo[1]) -
              2 * r[3, 2] * (up[3] - or[3]) * (or[2] - lo[2]) + 2 * r[1, 2] * (or[1] - lo[1]) * (or[2] - lo[2])))

pins <- list(
  versions = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
  cox = list(efron = cox("efron"), breslow = cox("breslow")), survey_cox = survey_cox,
  poisson = list(estimate = unname(coef(rates)["exposed"]), se = unname(sqrt(diag(vcov(rates))["exposed"])),
                 robust_family = unname(sqrt(diag(clustered)["exposed"])), bands = nlevels(split$band)),
  rates = crude,
  firth = list(separated = firth(y ~ x + z + group), sparse = firth(y ~ w + z)),
  exact = list(estimate = unname(exact$estimate), lower = exact$conf.int[1], upper = exact$conf.int[2],
               p = exact$p.value),
  clogit = list(estimate = unname(coef(within)), se = unname(sqrt(diag(vcov(within))))),
  families = list(estimate = unname(coef(plain)), se = unname(sandwich_se),
                  svyglm_se = unname(sqrt(diag(vcov(surveyed)))), df = surveyed$df.residual),
  mantel_haenszel = list(estimate = unname(pooled$estimate), lower = pooled$conf.int[1], upper = pooled$conf.int[2],
                         p = pooled$p.value, homogeneity = breslow_day(cube)),
  interaction = list(reri = delta[[1]], proportion = delta[[2]], synergy = delta[[3]], mover = mover)
)
write(toJSON(pins, digits = I(15), auto_unbox = TRUE, pretty = TRUE), "incidence.json")
