/* tools/question_terms_en.c - English. Of words that mean two things, the one that a search for listings means. */
#include "tools/question.h"

const struct question_term question_terms_en[] = {
    {"one", QUESTION_NUMBER, NULL, 1},
    {"two", QUESTION_NUMBER, NULL, 2},
    {"three", QUESTION_NUMBER, NULL, 3},
    {"four", QUESTION_NUMBER, NULL, 4},
    {"five", QUESTION_NUMBER, NULL, 5},
    {"six", QUESTION_NUMBER, NULL, 6},
    {"seven", QUESTION_NUMBER, NULL, 7},
    {"eight", QUESTION_NUMBER, NULL, 8},
    {"nine", QUESTION_NUMBER, NULL, 9},
    {"ten", QUESTION_NUMBER, NULL, 10},
    {"eleven", QUESTION_NUMBER, NULL, 11},
    {"twelve", QUESTION_NUMBER, NULL, 12},
    {"fourteen", QUESTION_NUMBER, NULL, 14},
    {"fifteen", QUESTION_NUMBER, NULL, 15},
    {"sixteen", QUESTION_NUMBER, NULL, 16},
    {"twenty", QUESTION_NUMBER, NULL, 20},
    {"hundred", QUESTION_SCALE, NULL, 100},
    {"k|thousand|grand", QUESTION_SCALE, NULL, 1000},
    {"m|mil|mio|mn|mln|million", QUESTION_SCALE, NULL, 1000000},
    {"bn|billion", QUESTION_SCALE, NULL, 1000000000},
    {"thb|baht|฿", QUESTION_CURRENCY, "THB"},
    {"usd|dollar|us dollar|us $|$|bucks", QUESTION_CURRENCY, "USD"},
    {"eur|euro|€", QUESTION_CURRENCY, "EUR"},
    {"gbp|pound|£", QUESTION_CURRENCY, "GBP"},
    {"%|percent|per cent|pct", QUESTION_PERCENT},
    {"a night|per night|each night|nightly", QUESTION_PERIOD, "night"},
    {"a month|per month|each month|pm|p m", QUESTION_PERIOD, "month"},
    {"night|day|week|month|year|hour|minute|min|km|kilometre|kilometer|metre|meter|sqm|sq m|"
     "square metre|square meter|square wah|rai|ngan|wah|year old|star|unit|key|floor|storey|"
     "story|kg|mbps|am",
        QUESTION_UNIT},
    {"under|below|less than|cheaper than|lower than|not more than|no more than|not over|"
     "not above|not exceeding|maximum|maximum of|max|max of|at most|up to|within|"
     "within a budget of|for less than|budget|budget of|budget is|a budget of|<|≤|not to exceed",
        QUESTION_BELOW},
    {"over|above|more than|at least|from|minimum|minimum of|min of|starting at|starting from|"
     "no less than|not less than|upwards of|>|≥|greater than|higher than|larger than|bigger than",
        QUESTION_ABOVE},
    {"between|in the range|in the range of", QUESTION_BETWEEN},
    {"to|and|until|or", QUESTION_TO},
    {"or less|or below|or under|or cheaper|or fewer|and below|and under|tops", QUESTION_OR_LESS},
    {"or more|or above|or over|and above|and up|and more|plus|upwards|or bigger|or larger|+",
        QUESTION_OR_MORE},
    {"bedroom|bed room|bed|br|bdr|bdrm|brm|bedder", QUESTION_BEDROOM},
    {"bathroom|bath room|bath|ba|shower room", QUESTION_BATHROOM},
    {"guest|people|person|pax|adult|kid|child|children|traveller|traveler|friend|of us|sleeps|"
     "sleep|family of|group of|party of|accommodate|accommodates|accommodating",
        QUESTION_GUEST},
    {"property|properties|place|place to stay|places to stay|somewhere to stay|accommodation|"
     "accomodation|listing|rental|holiday home|vacation home|vacation rental|holiday rental|home|"
     "residence|real estate|investment property|investment properties|commercial property|"
     "commercial properties",
        QUESTION_TYPE, ""},
    {"villa", QUESTION_TYPE, "villa"},
    {"bungalow", QUESTION_TYPE, "bungalow"},
    {"apartment|flat|aparment|serviced apartment", QUESTION_TYPE, "apartment,condo"},
    {"condo|condominium", QUESTION_TYPE, "condo"},
    {"townhouse|town house|townhome|town home|row house", QUESTION_TYPE, "townhouse"},
    {"house", QUESTION_TYPE, "house,townhouse,villa"},
    {"detached house|single house|family house|family home|beach house|pool house|country house",
        QUESTION_TYPE, "house"},
    {"cabin|cottage|tree house|treehouse|a frame|tiny house|hut", QUESTION_TYPE, "cabin"},
    {"houseboat|house boat|boat house|raft house|floating house|floating raft", QUESTION_TYPE,
        "houseboat"},
    {"guesthouse|guest house|guestroom|guest room|private room|homestay|bed and breakfast",
        QUESTION_TYPE, "guesthouse"},
    {"glamping|safari tent|tent", QUESTION_TYPE, "glamping"},
    {"farm stay|farmstay", QUESTION_TYPE, "farm_stay"},
    {"penthouse", QUESTION_TYPE, "penthouse"},
    {"land|plot|plot of land|plots of land|land plot|building plot|building land|piece of land",
        QUESTION_TYPE, "land"},
    {"hotel|resort|boutique hotel", QUESTION_TYPE, "hotel"},
    {"shophouse|shop house|commercial building", QUESTION_TYPE, "shophouse"},
    {"office|office space|serviced office", QUESTION_TYPE, "office"},
    {"warehouse|storage building|distribution centre|distribution center|cold storage|"
     "logistics building",
        QUESTION_TYPE, "warehouse"},
    {"apartment building|apartment block|dormitory|residential building", QUESTION_TYPE,
        "apartment_building"},
    {"shop|store|retail|retail space|retail unit|restaurant space|showroom|shop unit",
        QUESTION_TYPE, "retail,shophouse"},
    {"factory|factories|industrial building", QUESTION_TYPE, "factory"},
    {"studio|studio apartment|studio flat|studio condo", QUESTION_TYPE, "studio"},
    {"pool|swimming pool", QUESTION_ANY_AMENITY, "private_pool,shared_pool"},
    {"private pool|own pool|private swimming pool|plunge pool|pool of its own", QUESTION_AMENITY,
        "private_pool"},
    {"shared pool|communal pool|common pool|shared swimming pool", QUESTION_AMENITY, "shared_pool"},
    {"sea view|seaview|ocean view|oceanview|sea facing|view of the sea|views of the sea|"
     "view of the ocean",
        QUESTION_AMENITY, "sea_view"},
    {"mountain view|view of the mountain", QUESTION_AMENITY, "mountain_view"},
    {"river view|riverview|view of the river", QUESTION_AMENITY, "river_view"},
    {"lake view|view of the lake", QUESTION_AMENITY, "lake_view"},
    {"city view|skyline view|view of the city|view of the skyline", QUESTION_AMENITY, "city_view"},
    {"beachfront|beach front|on the beach|oceanfront|ocean front|seafront|absolute beachfront|"
     "right on the beach",
        QUESTION_AMENITY, "beachfront"},
    {"air conditioning|aircon|air con|air conditioner|air conditioned|ac|a c", QUESTION_AMENITY,
        "air_conditioning"},
    {"bbq|barbecue|barbeque|grill|charcoal grill", QUESTION_AMENITY, "bbq"},
    {"kitchen", QUESTION_AMENITY, "kitchen"},
    {"parking|car park|parking space|garage|carport|parking lot", QUESTION_AMENITY, "parking"},
    {"wifi|wi fi|internet|wireless internet", QUESTION_AMENITY, "wifi"},
    {"garden", QUESTION_AMENITY, "garden"},
    {"gym|fitness|fitness room|fitness centre|fitness center", QUESTION_AMENITY, "gym"},
    {"jacuzzi|hot tub|whirlpool", QUESTION_AMENITY, "jacuzzi"},
    {"sauna", QUESTION_AMENITY, "sauna"},
    {"terrace|patio", QUESTION_AMENITY, "terrace"},
    {"balcony|balconies", QUESTION_AMENITY, "balcony"},
    {"rooftop|roof terrace|roof deck", QUESTION_AMENITY, "rooftop"},
    {"elevator|lift", QUESTION_AMENITY, "elevator"},
    {"pet friendly|pets allowed|dog friendly|allows pets|allow pets|that accepts pets",
        QUESTION_AMENITY, "pet_friendly"},
    {"family friendly|child friendly|kid friendly|kids friendly", QUESTION_AMENITY,
        "family_friendly"},
    {"baby cot|crib|cot", QUESTION_AMENITY, "baby_cot"},
    {"breakfast|breakfast included", QUESTION_AMENITY, "breakfast"},
    {"bicycle|bike", QUESTION_AMENITY, "bicycles"},
    {"kayak", QUESTION_AMENITY, "kayaks"},
    {"bathtub|bath tub", QUESTION_AMENITY, "bathtub"},
    {"washing machine|washer", QUESTION_AMENITY, "washing_machine"},
    {"dishwasher", QUESTION_AMENITY, "dishwasher"},
    {"hot water", QUESTION_AMENITY, "hot_water"},
    {"tv|television", QUESTION_AMENITY, "tv"},
    {"workspace|work space|desk|working space", QUESTION_AMENITY, "workspace"},
    {"airport transfer", QUESTION_AMENITY, "airport_transfer"},
    {"concierge", QUESTION_AMENITY, "concierge"},
    {"daily cleaning|maid service|housekeeping", QUESTION_AMENITY, "daily_cleaning"},
    {"security|guarded", QUESTION_AMENITY, "security_24h"},
    {"cctv|security camera", QUESTION_AMENITY, "cctv"},
    {"ev charger|ev charging|car charger|charging station", QUESTION_AMENITY, "ev_charger"},
    {"solar|solar power|solar panel", QUESTION_AMENITY, "solar_power"},
    {"maid room|maids room|staff room", QUESTION_AMENITY, "maid_room"},
    {"wheelchair|wheelchair accessible|wheelchair user|step free|barrier free", QUESTION_AMENITY,
        "wheelchair_accessible"},
    {"fireplace|fire place", QUESTION_AMENITY, "fireplace"},
    {"private pier|own pier|jetty", QUESTION_AMENITY, "private_pier"},
    {"generator|backup generator", QUESTION_AMENITY, "backup_generator"},
    {"three phase power|three phase", QUESTION_AMENITY, "three_phase_power"},
    {"sprinkler|fire sprinkler", QUESTION_AMENITY, "fire_sprinklers"},
    {"meeting room|conference room", QUESTION_AMENITY, "meeting_room"},
    {"loading dock|loading bay", QUESTION_AMENITY, "loading_dock"},
    {"rent|to rent|for rent|renting|to let|for hire", QUESTION_OFFER, "rent"},
    {"lease|for lease|to lease|long term|long term rental|long term rent|monthly|monthly rental|"
     "long stay",
        QUESTION_OFFER, "lease"},
    {"short term|short stay|holiday|vacation|weekend|getaway", QUESTION_OFFER, "short_stay"},
    {"buy|to buy|for sale|on sale|purchase|buying|sale", QUESTION_OFFER, "sale"},
    {"freehold|free hold", QUESTION_TENURE, "freehold"},
    {"leasehold|lease hold", QUESTION_TENURE, "leasehold"},
    {"cap rate|capitalisation rate|capitalization rate|yield|rental yield|roi", QUESTION_YIELD},
    {"cheapest|cheap|lowest price|affordable|least expensive|inexpensive|low budget|low cost|"
     "budget friendly",
        QUESTION_SORT, "price"},
    {"most expensive|priciest|highest price|most luxurious", QUESTION_SORT, "-price"},
    {"no|not|without", QUESTION_NOT},
    {"of|for", QUESTION_OF},
    {"in|at|near|around|close to|next to|on|by|nearby", QUESTION_IN},
    {"show|show me|show us|find|find me|find us|looking for|look for|search|search for|"
     "searching for|list me|list of|list all|recommend|recommend me|suggest|suggest me|give me|"
     "i want a|we want a|i need a|we need a|interested in|hunting for|in search of|want to rent|"
     "want to buy|like to rent|like to buy|see all|browse",
        QUESTION_SHOW},
    {"is there|are there|do you have|have you got|do you offer|have you", QUESTION_THERE, "ask"},
    {"got any|any|you got|have any", QUESTION_THERE},
    {"which|what|what are the|which of your|what kind of|what sort of", QUESTION_WHICH},
    {"where|how much|how much is|how much are|how much does|how many|what is|what are|what does|"
     "what do|is|are|does|do",
        QUESTION_ASK},
    {"can|can i|can we|could|could i|may|may i|may we|am i|are we|do i|do we|should|must|why|"
     "when|who|whose|how|how do|how does|how can|how long|how to|what time|what happens|what if|"
     "if|allowed|permitted|rule|policy|policies|cancel|cancelled|canceled|cancellation|"
     "cancelling|refund|refunded|deposit|booking|booked|reservation|pay|paid|payment|invoice|"
     "receipt|visa|tax|taxes|fee|commission|contract|agreement|law|legal|legally|insurance|"
     "check in|check out|checkin|checkout|complain|complaint|broken|damage|late|extend|own|owns|"
     "ownership|foreigner|foreign|mortgage|loan|transfer|title deed|deed|chanote|inheritance|"
     "inherit|register|registration|permit|licence|license|sell|selling|list my|list our|"
     "list a property|my listing|host|hosting|heated|cleaned|smoke|smoking|party|parties|lost|"
     "password|account|difference|explain|mean|means|process|procedure|support|contact|emergency|"
     "weather|discount|my villa|my house|my condo|my property|my apartment|my stay|of my|income|"
     "average|bill|billed|charge|charged|tenant|title|premium|someone|somebody|owe|owner|lawyer|"
     "broker|bubble|caretaker|designer|calculation",
        QUESTION_RULE},
    {"a|an|the|with|has|have|having|that|this|these|those|me|my|we|us|our|you|your|i|im|it|its|"
     "please|thanks|thank you|hello|hi|hey|good|nice|great|some|all|also|just|very|really|"
     "available|availability|options|option|want|need|like|would|will|be|was|price|priced|cost|"
     "costs|costing|per|stay|stays|living|live|book|something|anything|as|so|but|then|now|today|"
     "offer|offers|offering|including|included|includes|inc|incl|w|area|district|province|city|"
     "town|island|thailand|about|approximately|roughly|circa|ca|looking|somewhere|place to|go|"
     "best|top|more|other|big|large|small|beautiful|can you|could you|would you|please show|"
     "help me|id|two of|looking to|trying to|i am|we are|the one|one with|family|couple|room",
        QUESTION_STOP},
};
const size_t question_terms_en_count = sizeof(question_terms_en) / sizeof(question_terms_en[0]);
