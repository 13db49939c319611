# Depression, rheumatoid arthritis and thyroid disease in NHANES 2017 to March 2020, by R's survey package.
# Run in this folder: Rscript nhanes_depression_thyroid_ra.R FOLDER
# FOLDER holds P_DEMO.XPT and the others; writes nhanes_pins.json.
# NHANES is public domain; cite CDC/NCHS. Only aggregate statistics are written.
suppressMessages({library(survey); library(foreign); library(jsonlite)})
options(survey.lonely.psu = "fail", digits = 15)
tight <- glm.control(epsilon = 1e-14, maxit = 100)

folder <- commandArgs(trailingOnly = TRUE)[1]
if (is.na(folder)) stop("say in which folder the NHANES files lie")
xpt <- function(name) read.xport(file.path(folder, name))
demo <- xpt("P_DEMO.XPT")
# In the CSV a missing value is written as 0, which no condition variable uses as a code.
conditions <- read.csv(file.path(folder, "P_MCQ.csv"))[, c("SEQN", "MCQ160A", "MCQ195", "MCQ160M")]
conditions[, -1] <- lapply(conditions[, -1], function(v) replace(v, !is.na(v) & v == 0, NA))
d <- Reduce(function(a, b) merge(a, b, by = "SEQN", all.x = TRUE),
            list(demo[, c("SEQN", "RIDAGEYR", "RIAGENDR", "WTMECPRP", "SDMVSTRA", "SDMVPSU")],
                 xpt("P_DPQ.XPT"), xpt("P_BMX.XPT")[, c("SEQN", "BMXBMI")],
                 xpt("P_SMQ.XPT")[, c("SEQN", "SMQ020", "SMQ040")], conditions))

# SAS writes zero as 5.4e-79 into some transport files: rounded away. 7 is refused, 9 is "don't know".
items <- as.matrix(round(d[, sprintf("DPQ0%d0", 1:9)]))
items[!(items %in% 0:3)] <- NA
d$answered <- rowSums(!is.na(items))
# Nine times the mean of the answered items, rounded half up, when at most two are missing.
d$phq9 <- ifelse(d$answered >= 7, floor(9 * rowMeans(items, na.rm = TRUE) + 0.5), NA)
d$depression <- as.integer(d$phq9 >= 10)
d$age <- round(d$RIDAGEYR)
d$female <- as.integer(d$RIAGENDR == 2)
d$bmi <- d$BMXBMI
d$smoking <- factor(ifelse(d$SMQ020 %in% 2, "never", ifelse(d$SMQ020 %in% 1 & d$SMQ040 %in% 3, "former",
                    ifelse(d$SMQ020 %in% 1 & d$SMQ040 %in% c(1, 2), "current", NA))),
                    levels = c("never", "former", "current"))
d$ra <- ifelse(d$MCQ195 %in% 2, 1, ifelse(d$MCQ160A %in% 2 | d$MCQ195 %in% c(1, 3, 4), 0, NA))
d$thyroid <- ifelse(d$MCQ160M %in% 1, 1, ifelse(d$MCQ160M %in% 2, 0, NA))

design <- svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMECPRP, nest = TRUE, data = d)
adults <- subset(design, age >= 20 & WTMECPRP > 0)
share <- function(s) {
  m <- svymean(~depression, s)
  limits <- attr(svyciprop(~depression, s, method = "logit"), "ci")
  list(share = unname(coef(m)), se = as.numeric(SE(m)), lower = unname(limits[1]), upper = unname(limits[2]),
       df = degf(s), n = sum(weights(s) > 0))
}
complete <- subset(adults, answered == 9)
association <- function(exposure, adjustment = "age + female + bmi + smoking") {
  formula <- as.formula(paste("depression ~", paste(c(exposure, adjustment), collapse = " + ")))
  fit <- svyglm(formula, adults, family = quasibinomial, control = tight)
  limits <- confint(fit, exposure)
  list(log_or = unname(coef(fit)[exposure]), se = unname(sqrt(vcov(fit)[exposure, exposure])), lower = limits[1],
       upper = limits[2], df = fit$df.residual, n = length(fit$y))
}
pins <- list(
  versions = list(R = R.version.string, survey = as.character(packageVersion("survey"))),
  source = "CDC/NCHS, National Health and Nutrition Examination Survey 2017 to March 2020, public-use files",
  depression_all_items = list(all = share(complete), women = share(subset(complete, female == 1)),
                              men = share(subset(complete, female == 0))),
  depression_prorated = share(subset(adults, !is.na(depression))),
  adjusted = list(rheumatoid_arthritis = association("ra"), thyroid_disease = association("thyroid")),
  crude = list(rheumatoid_arthritis = association("ra", NULL), thyroid_disease = association("thyroid", NULL))
)
write(toJSON(pins, digits = I(15), auto_unbox = TRUE, pretty = TRUE), "nhanes_pins.json")
