# The scaling policy of production, as scaledeck reads it. Every variable is optional: what is not
# here has the specification's value for its environment.

# --- Environment ---

# production or staging: the defaults of everything below.
environment = "production"

# --- ECS service ---

# Fewest tasks, at any hour.
ecs_min_capacity = 2

# Most tasks.
ecs_max_capacity = 10

# Scale out above this CPU utilization, in below; %.
ecs_cpu_target = 70

# Scale out above this memory utilization, in below; %.
ecs_memory_target = 80

# Scale out above this many requests per target and minute, in below.
ecs_requests_per_target = 1000

# How long a metric must stay above its target before an out: 2 periods, 5 minutes; seconds.
ecs_scale_out_window_s = 300

# How long every metric must stay below its target before an in: 5 periods, 25 minutes; seconds.
ecs_scale_in_window_s = 1500

# From the start of an out to the next one that is not larger; seconds.
ecs_scale_out_cooldown_s = 60

# From the end of any change, draining included, to the next in; seconds.
ecs_scale_in_cooldown_s = 300

# An in must leave every metric under this share of its target; above 0, at most 1.
ecs_scale_in_margin = 0.95

# Most tasks that one in takes away.
ecs_scale_in_max_step = 1

# --- Scheduled scaling ---

# Fewest tasks in peak hours; null: no peak floor.
peak_hours_min_capacity = 4

# Fewest tasks outside them; null: ecs_min_capacity.
off_peak_hours_min_capacity = 2

# First hour of the peak, 0 to 23.
peak_hours_start = 8

# Hour at which the peak is over, 0 to 24.
peak_hours_end = 22

# IANA zone of these hours, of weekends and of holidays.
schedule_timezone = "UTC"

# Fewest tasks on Saturdays and Sundays, all day; null: as on other days.
weekend_min_capacity = null

# Fewest tasks on a holiday, all day; null: as on other days.
holiday_min_capacity = null

# The holidays, as in ["2026-12-25"].
holidays = []

# --- RDS read replicas ---

# Fewest read replicas.
rds_min_replicas = 1

# Most read replicas.
rds_max_replicas = 5

# Instance class of a new replica.
rds_replica_instance_class = "db.t3.medium"

# The databases that the policy governs; none named: every one that has a replica.
rds_primaries = []

# Add a replica above this CPU utilization of the primary; %.
rds_cpu_out = 70

# Remove one below this CPU utilization of every replica; %.
rds_cpu_in = 40

# Add a replica above this share of the most connections of any instance; %.
rds_connections_out = 80

# Remove one below this share on every instance; %.
rds_connections_in = 40

# The most connections of an instance, where the policy knows better than AWS, as in { "db-1" = 400 }.
rds_max_connections = {}

# Add a replica above this lag of any replica; seconds.
rds_lag_out_s = 1

# How long CPU or connections must stay above: 10 minutes; seconds.
rds_scale_out_window_s = 600

# How long lag must stay above: 5 minutes; seconds.
rds_lag_window_s = 300

# How long everything must stay below before a replica is removed: 30 minutes; seconds.
rds_scale_in_window_s = 1800

# From the end of a change to the next; seconds.
rds_cooldown_s = 1800

# Add a replica although the primary is hot while every replica idles.
rds_add_although_write_bound = false

# --- ElastiCache ---

# Fewest nodes, the primary included.
redis_min_nodes = 2

# Most nodes, the primary included.
redis_max_nodes = 6

# Node type of the cache.
redis_node_type = "cache.t3.medium"

# The replication groups that the policy governs; none named: every one.
redis_groups = []

# Add a node above this memory usage of any node; %.
redis_memory_out = 75

# Remove one below this memory usage of every node; %.
redis_memory_in = 40

# Add a node above this CPU utilization of any node; %.
redis_cpu_out = 70

# Remove one below this CPU utilization of every node; %.
redis_cpu_in = 40

# How long a node must stay above: 10 minutes; seconds.
redis_scale_out_window_s = 600

# How long every node must stay below: 30 minutes; seconds.
redis_scale_in_window_s = 1800

# From the end of a change to the next; seconds.
redis_cooldown_s = 1800

# One shard fewer must leave the memory under this share of redis_memory_out; above 0, at most 1.
redis_scale_in_margin = 0.95

# --- Alarms ---

# Critical above this CPU utilization; %.
alarm_ecs_cpu_critical = 90

# For so long: 10 minutes; seconds.
alarm_ecs_cpu_critical_window_s = 600

# A warning above this CPU utilization; %.
alarm_ecs_cpu_warning = 80

# For so long: 15 minutes; seconds.
alarm_ecs_cpu_warning_window_s = 900

# Critical when no task has been healthy for so long; seconds.
alarm_unhealthy_window_s = 180

# A warning when more than this share of requests ends in a 5XX; %.
alarm_alb_5xx_percent = 1

# The share is taken over so long; seconds.
alarm_alb_5xx_window_s = 300

# With fewer requests than this in the window the share says nothing.
alarm_alb_5xx_min_requests = 100

# Critical above this CPU utilization of a primary; %.
alarm_rds_cpu_critical = 90

# For so long: 10 minutes; seconds.
alarm_rds_cpu_critical_window_s = 600

# Critical above this lag of a replica, or when it does not replicate; seconds.
alarm_rds_lag_critical_s = 5

# A warning above this lag; seconds.
alarm_rds_lag_warning_s = 1

# Up to this, the lag that an idle PostgreSQL reports is none; seconds.
alarm_rds_idle_lag_s = 300

# For so long: 3 minutes; seconds.
alarm_rds_lag_window_s = 180

# A warning above this share of an instance's most connections; %.
alarm_rds_connections_percent = 80

# For so long: 3 minutes; seconds.
alarm_rds_connections_window_s = 180

# A warning below this hit rate of a cache; %.
alarm_cache_hit_percent = 70

# The rate is taken over so long; seconds.
alarm_cache_hit_window_s = 300

# With fewer look-ups than this in the window the rate says nothing.
alarm_cache_hit_min_lookups = 100

# What a day may cost; null: no budget.
daily_budget_usd = null

# A warning when a day costs more than the budget by more than this; %.
alarm_budget_percent = 20

# An alarm is over when it has not fired for so long; seconds.
alarm_clear_window_s = 300

# --- Application Load Balancer ---

# Between two health checks; seconds.
alb_health_check_interval_s = 30

# How long a health check may take; seconds.
alb_health_check_timeout_s = 5

# Successes in a row until healthy.
alb_healthy_threshold = 2

# Failures in a row until unhealthy.
alb_unhealthy_threshold = 3

# Where a health check asks.
alb_health_check_path = "/health"

# How long a target that leaves may finish what it has begun; seconds.
alb_draining_s = 300

# --- CloudFront ---

# Whether every origin has a shield.
cdn_origin_shield = true

# Whether text is compressed on every path.
cdn_compression = true

# Which edge locations serve: PriceClass_All is all of them.
cdn_price_class = "PriceClass_All"

# Whether a second origin stands in on every path.
cdn_failover = true
